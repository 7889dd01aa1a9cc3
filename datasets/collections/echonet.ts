/**
 * The EchoNet releases (Ouyang et al., Nature 2020): films, FileList.csv with rate and split of each,
 * VolumeTracings.csv with the left ventricle in some frames. Every film is a patient. No pixel size is stated.
 */

import { parseTable } from '../csv.ts';
import type { Split } from '../manifest.ts';
import { baseName, folderOf, pathIn, stemOf } from './names.ts';
import type { FolderListing, IngestPlan, PlannedVideo, SkippedFile } from './plan.ts';
import { type Chord, outlineOf, type Tracing } from './tracings.ts';

const film = /\.(?:avi|mp4)$/i;
const splitOf: Readonly<Record<string, Split>> = { TRAIN: 'train', VAL: 'val', TEST: 'test' };

function tablesIn({ files }: FolderListing, name: string): string[] {
  return files.filter((file) => baseName(file).toLowerCase() === name);
}

export function isEchoNet(listing: FolderListing): boolean {
  return tablesIn(listing, 'filelist.csv').length > 0 && listing.files.some((file) => film.test(file));
}

/** Tracings by the name of their film. */
function parseTracings(text: string, name: string): Map<string, Tracing[]> {
  const chords = new Map<string, Map<number, Chord[]>>();
  for (const row of parseTable(text, ['FileName', 'X1', 'Y1', 'X2', 'Y2', 'Frame'], name)) {
    const [x1, y1, x2, y2, frame] = [row.X1, row.Y1, row.X2, row.Y2, row.Frame].map(Number);
    if (![x1, y1, x2, y2].every(Number.isFinite) || !Number.isInteger(frame)) continue;
    const key = stemOf(row.FileName!);
    const ofFilm = chords.get(key) ?? new Map<number, Chord[]>();
    chords.set(key, ofFilm);
    const ofFrame = ofFilm.get(frame!) ?? [];
    ofFilm.set(frame!, ofFrame);
    ofFrame.push({ x1: x1!, y1: y1!, x2: x2!, y2: y2! });
  }
  return new Map(
    [...chords].map(([key, frames]) => [
      key,
      [...frames].map(([frame, ofFrame]) => ({ frame, outline: outlineOf(ofFrame) })),
    ]),
  );
}

/** One FileList.csv with what lies below its folder: of EchoNet-Pediatric each view is a set of its own. */
interface FilmSet {
  readonly folder: string;
  readonly view: string;
  /** Rows and tracings by the name of their film. */
  readonly rowOf: ReadonlyMap<string, Record<string, string>>;
  readonly tracingsOf: ReadonlyMap<string, Tracing[]>;
}

async function readSet(
  { readText }: FolderListing,
  listFile: string,
  tracingFile: string | undefined,
): Promise<FilmSet> {
  const folder = folderOf(listFile);
  const rows = parseTable(await readText(listFile), ['FileName'], baseName(listFile));
  return {
    folder,
    view: /psax/i.test(baseName(folder)) ? 'psax' : 'a4c',
    rowOf: new Map(rows.map((row) => [stemOf(row.FileName!), row])),
    tracingsOf:
      tracingFile === undefined
        ? new Map()
        : parseTracings(await readText(tracingFile), baseName(tracingFile)),
  };
}

function readSets(listing: FolderListing): Promise<FilmSet[]> {
  const lists = tablesIn(listing, 'filelist.csv');
  const tracings = tablesIn(listing, 'volumetracings.csv');
  return Promise.all(
    lists.map((list) => {
      const beside = tracings.find((file) => folderOf(file) === folderOf(list));
      return readSet(listing, list, beside ?? (lists.length === 1 ? tracings[0] : undefined));
    }),
  );
}

/** The set whose folder a film lies deepest in; where there is one set, that. */
function setOf(file: string, sets: readonly FilmSet[]): FilmSet | undefined {
  if (sets.length === 1) return sets[0];
  return sets
    .filter(({ folder }) => file.startsWith(pathIn(folder, '')))
    .toSorted((a, b) => b.folder.length - a.folder.length)[0];
}

function planned(file: string, set: FilmSet | undefined): PlannedVideo {
  const stem = stemOf(file);
  const row = set?.rowOf.get(stem);
  const split = splitOf[(row?.Split ?? '').toUpperCase()];
  const rate = Number(row?.FPS);
  const tracings = set?.tracingsOf.get(stem);
  return {
    file,
    name: stem,
    patient: stem,
    ...(set && { view: set.view }),
    ...(split && { split }),
    ...(rate > 0 && { given: { frameTimeMs: 1000 / rate } }),
    ...(tracings && { labels: { kind: 'tracings' as const, tracings } }),
  };
}

export async function planEchoNet(listing: FolderListing): Promise<IngestPlan> {
  const sets = await readSets(listing);
  const films = listing.files.filter((file) => film.test(file));
  const videos = films.map((file) => planned(file, setOf(file, sets)));
  const listed = sets.flatMap(({ rowOf }) => [...rowOf.keys()]);
  return { collection: 'EchoNet', videos, skipped: leftLying(listing, films, listed) };
}

function leftLying(
  { files }: FolderListing,
  films: readonly string[],
  listed: readonly string[],
): SkippedFile[] {
  const present = new Set(films.map(stemOf));
  const absent = listed.filter((stem) => !present.has(stem));
  return [
    ...files
      .filter((file) => !film.test(file) && !/\.(?:csv|md|txt|pdf)$/i.test(file))
      .map((file) => ({ file, reason: 'no film of the release' })),
    ...absent.map((file) => ({ file, reason: 'in FileList.csv, and there is no film of this name' })),
  ];
}
