/**
 * The EchoNet releases (Ouyang et al., Nature 2020): films, FileList.csv with rate and split of each,
 * VolumeTracings.csv with the left ventricle in some frames. Every film is a patient. No pixel size is stated.
 */

import { parseTable } from '../csv.ts';
import type { Split } from '../manifest.ts';
import { baseName, stemOf } from './names.ts';
import type { FolderListing, IngestPlan, PlannedVideo, SkippedFile } from './plan.ts';
import { type Chord, outlineOf, type Tracing } from './tracings.ts';

const film = /\.(?:avi|mp4)$/i;
const splitOf: Readonly<Record<string, Split>> = { TRAIN: 'train', VAL: 'val', TEST: 'test' };

function tableIn({ files }: FolderListing, name: string): string | undefined {
  return files.find((file) => baseName(file).toLowerCase() === name);
}

export function isEchoNet(listing: FolderListing): boolean {
  return tableIn(listing, 'filelist.csv') !== undefined && listing.files.some((file) => film.test(file));
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

export async function planEchoNet(listing: FolderListing): Promise<IngestPlan> {
  const listFile = tableIn(listing, 'filelist.csv')!;
  const rows = parseTable(await listing.readText(listFile), ['FileName'], baseName(listFile));
  const tracingFile = tableIn(listing, 'volumetracings.csv');
  const tracingsOf =
    tracingFile === undefined
      ? new Map<string, Tracing[]>()
      : parseTracings(await listing.readText(tracingFile), baseName(tracingFile));
  const rowOf = new Map(rows.map((row) => [stemOf(row.FileName!), row]));
  const films = listing.files.filter((file) => film.test(file));
  const videos = films.map((file): PlannedVideo => {
    const stem = stemOf(file);
    const row = rowOf.get(stem);
    const split = splitOf[(row?.Split ?? '').toUpperCase()];
    const rate = Number(row?.FPS);
    const tracings = tracingsOf.get(stem);
    return {
      file,
      name: stem,
      patient: stem,
      view: 'a4c',
      ...(split && { split }),
      ...(rate > 0 && { given: { frameTimeMs: 1000 / rate } }),
      ...(tracings && { labels: { kind: 'tracings' as const, tracings } }),
    };
  });
  return { collection: 'EchoNet', videos, skipped: leftLying(listing, films, rowOf) };
}

function leftLying(
  { files }: FolderListing,
  films: readonly string[],
  rowOf: ReadonlyMap<string, unknown>,
): SkippedFile[] {
  const present = new Set(films.map(stemOf));
  const absent = [...rowOf.keys()].filter((stem) => !present.has(stem));
  return [
    ...files
      .filter((file) => !film.test(file) && !/\.(?:csv|md|txt|pdf)$/i.test(file))
      .map((file) => ({ file, reason: 'no film of the release' })),
    ...absent.map((file) => ({ file, reason: 'in FileList.csv, and there is no film of this name' })),
  ];
}
