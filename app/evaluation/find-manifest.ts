/** Study and view of the videos that are scored, from a dataset's manifest or any table that names them. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseAnnotated } from '../../datasets/manifest.ts';
import { DomainError } from '../../ground/errors.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import type { EvaluationFolders } from './pair-files.ts';

export interface VideoView {
  readonly study: string;
  /** In lower case, such as a4c. */
  readonly view: string;
  /**
   * What the columns annotatedFrames and annotatedLabels say of the reference; absent when they are not there or say
   * all.
   */
  readonly known?: Pick<LabelVideo, 'annotatedFrames' | 'annotatedLabels'>;
}

/**
 * Study and view by video id: of the file that was named, otherwise of the first manifest.csv in the folder of
 * references or of predictions or in the folder around it. A table that was not named and has other columns is not
 * meant. Empty when there is none.
 * @throws DatasetInvalid when the table cannot be read, and what reading a named file throws.
 */
export async function findManifest(
  folders: EvaluationFolders,
  named: string | undefined,
): Promise<ReadonlyMap<string, VideoView>> {
  const beside = [folders.references, folders.predictions].flatMap((folder) =>
    folder === undefined ? [] : [resolve(folder), dirname(resolve(folder))],
  );
  const files = named === undefined ? beside.map((folder) => join(folder, 'manifest.csv')) : [named];
  for (const file of files) {
    const text = await readText(file, named !== undefined);
    const views = text === undefined ? undefined : parseViews(text, file);
    if (views !== undefined) return views;
    if (named === undefined) continue;
    throw new DomainError(
      'DatasetInvalid',
      `${file}: expected a first line with the columns id, study and view, separated by commas. Add them: id is a mask's file name without .nii.gz.`,
    );
  }
  return new Map();
}

/** Undefined when the first line does not name the columns id, study and view; other columns do not matter. */
function parseViews(csv: string, file: string): Map<string, VideoView> | undefined {
  const lines = csv.replace(/^\ufeff/, '').split(/\r?\n/);
  const cellsOf = (line: string) => line.split(',').map((cell) => cell.trim());
  const header = cellsOf(lines[0]!);
  const [idColumn, studyColumn, viewColumn] = ['id', 'study', 'view'].map((name) => header.indexOf(name));
  if ([idColumn, studyColumn, viewColumn].includes(-1)) return undefined;
  const [framesColumn, labelsColumn] = ['annotatedFrames', 'annotatedLabels'].map((name) =>
    header.indexOf(name),
  );
  const views = new Map<string, VideoView>();
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === '') continue;
    const cells = cellsOf(line);
    const [id, study, view] = [cells[idColumn!], cells[studyColumn!], cells[viewColumn!]];
    const wrong = whatIsWrong(
      cells.length - header.length,
      [id, study, view],
      id !== undefined && views.has(id),
    );
    if (wrong === undefined && id && study && view) {
      const annotatedFrames = parseAnnotated(cells[framesColumn!]);
      const annotatedLabels = parseAnnotated(cells[labelsColumn!]);
      const known = {
        ...(annotatedFrames && { annotatedFrames }),
        ...(annotatedLabels && { annotatedLabels }),
      };
      views.set(id, {
        study,
        view: view.toLowerCase(),
        ...(Object.keys(known).length > 0 && { known }),
      });
      continue;
    }
    throw new DomainError(
      'DatasetInvalid',
      `${file}: line ${i + 1}: expected ${header.length} cells with study, view and an id that no earlier line has, found ${wrong}. Correct the line.`,
    );
  }
  return views;
}

/** Without a word of the line: tables name patients. Undefined when nothing is. */
function whatIsWrong(
  cellsTooMany: number,
  needed: readonly (string | undefined)[],
  isKnown: boolean,
): string | undefined {
  if (cellsTooMany !== 0) return `${Math.abs(cellsTooMany)} ${cellsTooMany > 0 ? 'more' : 'fewer'}`;
  if (needed.some((cell) => !cell)) return 'one of the three empty';
  return isKnown ? 'the id of an earlier line' : undefined;
}

async function readText(file: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // Of a path that is no folder, whoever lists the folder says so.
    const code = (error as NodeJS.ErrnoException).code;
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw error;
  }
}
