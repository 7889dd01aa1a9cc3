/** Pictures of segmented loops to look at. The sets are not ours: such pictures must not come into the project. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { encodeContactSheet } from '../../report/contact-sheet.ts';
import { projectRoot } from '../../runtime/installation.ts';
import type { OnCase } from '../shared/scored-video.ts';

/** @throws Error for a folder of the project, other than .echoloop, which is never committed. */
export function refuseProjectFolder(folder: string): void {
  const inside = relative(projectRoot, folder);
  const outside = inside.startsWith('..') || isAbsolute(inside);
  if (outside || inside === '.echoloop' || inside.startsWith(join('.echoloop', '/'))) return;
  throw new Error(
    `${folder} lies in the project, where nothing of the real sets may be written: choose a folder outside of it, or below .echoloop.`,
  );
}

/** Draws loops into the folder: the picture, the plain, the full and, where there is one, the completed labels. */
export function drawInto(folder: string): OnCase {
  mkdirSync(folder, { recursive: true });
  return ({ id, image }, { plain, full, completed }) => {
    const drawn = [plain, full, completed].filter((labels) => labels !== undefined);
    const rows = [{ image }, ...drawn.map((labels) => ({ image, labels }))];
    writeFileSync(join(folder, `${id}.png`), encodeContactSheet(rows, { columns: 6, longestSide: 224 }));
  };
}
