/**
 * A dataset at one glance before hours of work depend on it: one tile a video, its first frame (with the reference, the
 * first that was drawn), what is known of it and what is wrong with it. One HTML file, nothing loaded from elsewhere.
 */
import type { ManifestRow } from '../datasets/manifest.ts';
import type { DatasetProblem, VerifiedVideo } from '../datasets/verify.ts';
import { counted } from '../ground/counted.ts';
import { annotatedFramesOf } from '../imaging/annotation.ts';
import { type GreyVideo, type LabelVideo, labelFrame } from '../imaging/image.ts';
import { encodeContactSheet } from './contact-sheet.ts';
import { dataUri } from './data-uri.ts';
import { html, Markup } from './html.ts';
import { pageStyle } from './page-style.ts';

const LONGEST_SIDE = 240;

/** Little beside the video it is of: thousands of them fit into memory. */
export interface SheetTile {
  readonly row: ManifestRow;
  /** PNG; undefined where the video cannot be read. */
  readonly picture: Uint8Array | undefined;
  /** The frame that is shown, from 0. */
  readonly frame: number;
  /** The reference is in the picture: it could be read, and fits. */
  readonly isReferenceShown: boolean;
  readonly problems: readonly Pick<DatasetProblem, 'severity' | 'reason' | 'message'>[];
}

export interface SheetData {
  readonly dataset: string;
  readonly tiles: readonly SheetTile[];
  /** Of the dataset as a whole. */
  readonly problems: readonly string[];
  /** What ingestion set aside, by id. */
  readonly quarantined: readonly { readonly id: string; readonly reason: string }[];
}

function oneFrame(video: GreyVideo, labels: LabelVideo | undefined, frame: number) {
  const pixels = video.rows * video.columns;
  const image = {
    ...video,
    frames: 1,
    intensities: video.intensities.subarray(frame * pixels, (frame + 1) * pixels),
  };
  return { image, labels: labels && { ...labels, frames: 1, labels: labelFrame(labels, frame).labels } };
}

function isOnGrid(labels: LabelVideo, { frames, rows, columns }: GreyVideo): boolean {
  return labels.frames === frames && labels.rows === rows && labels.columns === columns;
}

/** The tile of a video, before its pixels are let go. */
export function sheetTile({ row, video, labels, findings }: VerifiedVideo): SheetTile {
  const problems = findings.map(({ severity, reason, message }) => ({ severity, reason, message }));
  if (video === undefined) return { row, picture: undefined, frame: 0, isReferenceShown: false, problems };
  const drawn = labels && isOnGrid(labels, video) ? labels : undefined;
  const frame = Math.min(drawn ? (annotatedFramesOf(drawn)[0] ?? 0) : 0, video.frames - 1);
  const picture = encodeContactSheet([oneFrame(video, drawn, frame)], {
    columns: 1,
    longestSide: LONGEST_SIDE,
  });
  return { row, picture, frame, isReferenceShown: drawn !== undefined, problems };
}

const sheetStyle = `
main, header, footer { max-width: none; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: .8rem; align-items: start; }
.tiles figure { padding: .6rem; }
.tiles figure.error { border-color: var(--worse); }
.tiles img, .tiles .none { width: 100%; height: 12.5rem; object-fit: contain; background: #000; }
.tiles .none { display: grid; place-items: center; color: #bbb; border-radius: .25rem; }
.tiles figcaption { font-size: .8rem; line-height: 1.4; overflow-wrap: anywhere; }
.tiles strong { color: var(--ink); font-weight: 600; }
.tiles ul, main > section > ul { margin: .35rem 0 0; padding-left: 1.1rem; }
.tiles li.error b { color: var(--worse); }
`;

function sizeText({
  frames,
  rows,
  columns,
  spacingRowMm,
  spacingColumnMm,
  frameTimeMs,
}: ManifestRow): string {
  const size = (mm: number) => String(Number(mm.toPrecision(3)));
  const spacing =
    spacingRowMm === spacingColumnMm
      ? size(spacingRowMm)
      : `${size(spacingRowMm)} x ${size(spacingColumnMm)}`;
  const time = frameTimeMs > 0 ? `, ${size(frameTimeMs)} ms` : '';
  return `${counted(frames, 'frame')} of ${rows} x ${columns}, ${spacing} mm${time}`;
}

function referenceText({ row, frame, isReferenceShown }: SheetTile): string {
  if (isReferenceShown) return `, reference in frame ${frame}`;
  return row.labelled ? ', reference not shown' : '';
}

function renderTile(tile: SheetTile): Markup {
  const { row, picture, frame, problems } = tile;
  const isBad = problems.some(({ severity }) => severity === 'error');
  const shown = picture
    ? html`<img loading="lazy" src="${dataUri(picture, 'image/png')}" alt="frame ${frame} of ${row.id}">`
    : html`<div class="none">cannot be read</div>`;
  const list = problems.map(
    ({ severity, reason, message }) =>
      html`<li class="${severity}"><b>${severity}, ${reason}</b>: ${message}</li>`,
  );
  return html`<figure class="${isBad ? 'error' : ''}">${shown}<figcaption><strong>${row.id}</strong><br>${row.study}<br>${row.view}, ${row.split}${referenceText(tile)}<br>${sizeText(row)}${list.length > 0 ? html`<ul>${list}</ul>` : undefined}</figcaption></figure>`;
}

function renderGroup(title: string, tiles: readonly SheetTile[]): Markup | undefined {
  if (tiles.length === 0) return undefined;
  return html`<section><h2>${title} (${tiles.length})</h2><div class="tiles">${tiles.map(renderTile)}</div></section>`;
}

function renderList(title: string, items: readonly string[]): Markup | undefined {
  if (items.length === 0) return undefined;
  const list = items.map((item) => html`<li>${item}</li>`);
  return html`<section><h2>${title} (${items.length})</h2><ul>${list}</ul></section>`;
}

/** What is wrong comes first. */
export function renderDatasetSheet({ dataset, tiles, problems, quarantined }: SheetData): string {
  const has = (severity: 'error' | 'warning') => (tile: SheetTile) =>
    tile.problems.some((problem) => problem.severity === severity);
  const bad = tiles.filter(has('error'));
  const doubtful = tiles.filter((tile) => !bad.includes(tile) && has('warning')(tile));
  const sound = tiles.filter((tile) => !bad.includes(tile) && !doubtful.includes(tile));
  const studies = new Set(tiles.map(({ row }) => row.study)).size;
  const labelled = tiles.filter(({ row }) => row.labelled).length;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Echoloop dataset: ${dataset}</title>
<style>${new Markup(pageStyle + sheetStyle)}</style>
</head>
<body>
<header><h1>${dataset}</h1>
<p class="quiet">${counted(tiles.length, 'video')} of ${counted(studies, 'patient')}, ${labelled} with a reference. ${tiles.length === 0 ? 'There is nothing to look at.' : 'First frames; with a reference, the first frame that it knows. Look for writing, wrong views, and references that lie beside the heart.'}</p>
<p class="key"><span style="--swatch: var(--lv)">left ventricle</span><span style="--swatch: var(--myo)">myocardium</span></p></header>
<main>
${renderList('Of the dataset', problems)}
${renderGroup('With errors', bad)}
${renderGroup('Worth a look', doubtful)}
${renderGroup('Without a finding', sound)}
${renderList(
  'Set aside',
  quarantined.map(({ id, reason }) => (reason.startsWith(id) ? reason : `${id}: ${reason}`)),
)}
</main>
<footer><p>Made by Echoloop. It shows recordings: keep it with the data.</p></footer>
</body>
</html>
`.text;
}
