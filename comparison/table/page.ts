/** The comparison as one HTML file: the table, what every system is, and the same videos under all of them. */

import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { encodeContactSheet } from '../../report/contact-sheet.ts';
import { dataUri } from '../../report/data-uri.ts';
import { html, Markup } from '../../report/html.ts';
import { pageStyle } from '../../report/page-style.ts';
import { cellText, isApart, trainingText } from './cell-text.ts';
import { usedMeasures } from './forms.ts';
import { notesOf } from './notes.ts';
import type { ComparisonTable } from './table.ts';

const sheet = { columns: 6, longestSide: 200 };

/** A test video under every system that has a mask of it. */
export interface PicturedVideo {
  readonly id: string;
  readonly image: GreyVideo;
  readonly masks: readonly { readonly title: string; readonly labels: LabelVideo }[];
}

/** Rows from the top: the video, then every mask, in the order of `captionsOf`. */
export function pictureOf({ image, masks }: PicturedVideo): Uint8Array {
  return encodeContactSheet([{ image }, ...masks.map(({ labels }) => ({ image, labels }))], sheet);
}

export function captionsOf({ masks }: PicturedVideo): string[] {
  return ['the video', ...masks.map(({ title }) => title)];
}

export function comparisonPage(table: ComparisonTable, videos: readonly PicturedVideo[]): string {
  const measures = usedMeasures(table);
  const rows = table.rows.map((row) => {
    const cells = measures.map((measure) => {
      const cell = row.cells[measure.name];
      if (!cell) return html`<td>-</td>`;
      const text = `${cellText(measure, cell)}${isApart(cell) ? ' *' : ''}`;
      return cell.best ? html`<td class="after">${text}</td>` : html`<td>${text}</td>`;
    });
    const said =
      row.unavailable === undefined
        ? cells
        : [html`<td colspan="${Math.max(1, measures.length)}">not available: ${row.unavailable}</td>`];
    return html`<tr><th scope="row">${row.title}</th>${said}<td>${trainingText(row) || '-'}</td></tr>`;
  });
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Comparison on ${table.target}</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
<header><h1>Systems compared on ${table.target}</h1>
<p class="quiet">Every system on the same ${table.videos} test videos, scored by the same metrics.</p></header>
<main>
<div class="scroll"><table><thead><tr><th>system</th>${measures.map(({ title }) => html`<th>${title}</th>`)}<th>training</th></tr></thead>
<tbody>${rows}</tbody></table></div>
<ul>${notesOf(table).map((note) => html`<li>${note}</li>`)}</ul>
${videos.map(videoSection)}
</main>
<footer><p>Made by Echoloop ${table.codeVersion}. For research; not for diagnosis.</p></footer>
</body>
</html>
`;
  return page.text;
}

function videoSection({ id, image, masks }: PicturedVideo): Markup {
  const strip = (title: string, labels: LabelVideo | undefined) => {
    const source = new Markup(dataUri(encodeContactSheet([{ image, labels }], sheet), 'image/png'));
    return html`<figure><figcaption>${title}</figcaption><img src="${source}" alt="Frames of ${id}: ${title}"></figure>`;
  };
  return html`<section><h2>${id}</h2>${strip('the video', undefined)}${masks.map(({ title, labels }) => strip(title, labels))}</section>`;
}
