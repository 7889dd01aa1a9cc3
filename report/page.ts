/**
 * The report of a run as one HTML file: no scripts, nothing loaded from elsewhere, readable on a phone, in the dark and
 * aloud.
 */
import { counted } from '../ground/counted.ts';
import { renderChart } from './chart.ts';
import { type Change, headlineNotes, headlineRows, headlineVideos } from './headline.ts';
import { html, Markup } from './html.ts';
import { pageStyle } from './page-style.ts';
import { type ReportCurve, type ReportData, ReportDataSchema, type ReportInput } from './report-data.ts';

/**
 * Renders the page.
 * @throws ZodError when the data does not follow ReportDataSchema.
 */
export async function renderReport(input: ReportInput): Promise<string> {
  const data = ReportDataSchema.parse(input);
  const charts = await Promise.all(chartGroups(data.curves).map(renderFigure));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Echoloop report: ${data.run}</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
${renderHeader(data)}
<main>
${renderHeadline(data)}
${renderPictures(data)}
${charts.length > 0 ? html`<section aria-labelledby="curves"><h2 id="curves">Curves</h2><div class="grid">${charts}</div></section>` : undefined}
${renderLabelling(data)}
${renderQuarantine(data)}
${renderDetails(data)}
</main>
<footer><p>Made by Echoloop${data.codeVersion ? ` ${data.codeVersion}` : ''}. For research; not for diagnosis.</p></footer>
</body>
</html>
`;
  return page.text;
}

function renderHeader(data: ReportData): Markup {
  const facts: [string, string | number | undefined][] = [
    ['Run', data.run],
    ['Source', data.config.source],
    ['Target', data.config.target],
    ['Preset', data.config.preset],
    ['Iterations', data.config.iterations],
    ['Seed', data.config.seed],
    ['Written', data.generatedAt?.slice(0, 16).replace('T', ' ')],
  ];
  const rows = facts
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return html`<header>
<h1>Adaptation to ${data.config.target}</h1>
<p class="quiet">A segmentation model trained on annotated videos of ${data.config.source}, adapted to ${data.config.target} without annotations of its videos.</p>
<dl class="facts">${rows}</dl>
</header>`;
}

/** A number stays on one line with its unit, an interval in its brackets. */
function unbroken(text: string): string {
  return text.replaceAll(/ (?!\()/g, '\u00a0');
}

const directionWords = {
  better: 'better',
  worse: 'worse',
  unclear: 'unclear',
  same: 'unchanged',
  none: '',
} as const;

function changeCell({ change, direction }: Change): Markup {
  return html`<td><span class="change ${direction}">${unbroken(change)} ${directionWords[direction]}</span></td>`;
}

function renderHeadline(data: ReportData): Markup | undefined {
  const { plain } = data;
  const rows = headlineRows(data);
  if (rows.length === 0) return undefined;
  const body = rows.map(
    (
      row,
    ) => html`<tr><th scope="row">${row.label}</th>${row.plain && html`<td>${unbroken(row.plain.value)}</td>`}<td>${unbroken(row.before)}</td><td class="after">${unbroken(row.after)}</td>
${row.plain && changeCell(row.plain)}${changeCell(row)}</tr>`,
  );
  const changes = plain ? ['After - plain', 'After - before'] : ['Change'];
  const headings = ['Measure', ...(plain ? ['Plain'] : []), 'Before', 'After', ...changes].map(
    (heading) => html`<th scope="col">${heading}</th>`,
  );
  const caption = [
    `${headlineVideos(data)}${data.choseThePolicy ? '.' : ' that took no part in training.'}`,
    ...headlineNotes(data),
  ].join(' ');
  return html`<section aria-labelledby="result">
<h2 id="result">Before and after</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Before and after"><table>
<caption>${caption}</caption>
<thead><tr>${headings}</tr></thead>
<tbody>${body}</tbody></table></div>
${data.promotion ? html`<p class="notice"><strong>${data.promotion.promoted ? 'Promoted.' : 'Not promoted.'}</strong> ${data.promotion.reason}</p>` : undefined}
</section>`;
}

function renderPictures(data: ReportData): Markup | undefined {
  if (data.pictures.length === 0) return undefined;
  const figures = data.pictures.map((picture) => {
    const still = picture.still
      ? html`<source media="(prefers-reduced-motion: reduce)" srcset="${picture.still}">`
      : undefined;
    return html`<figure><h3>${picture.title}</h3><picture>${still}<img src="${picture.uri}" alt="${picture.alt}"></picture>
${picture.caption ? html`<figcaption>${picture.caption}</figcaption>` : undefined}</figure>`;
  });
  return html`<section aria-labelledby="pictures"><h2 id="pictures">Pictures</h2>
<p class="key"><span style="--swatch: var(--lv)">left ventricle</span><span style="--swatch: var(--myo)">myocardium</span></p>
<div class="grid">${figures}</div></section>`;
}

/** Curves of one stage with one unit share a chart. */
function chartGroups(curves: readonly ReportCurve[]): ReportCurve[][] {
  const groups = new Map<string, ReportCurve[]>();
  for (const curve of curves) {
    if (curve.points.length === 0) continue;
    const key = JSON.stringify([curve.stage, curve.unit, curve.xLabel]);
    groups.set(key, [...(groups.get(key) ?? []), curve]);
  }
  return [...groups.values()];
}

async function renderFigure(curves: readonly ReportCurve[]): Promise<Markup> {
  const stage = curves[0]!.stage;
  const summary = curves
    .map((curve) => {
      const first = curve.points[0]![1];
      const last = curve.points.at(-1)![1];
      return `${curve.name} from ${first.toPrecision(3)} to ${last.toPrecision(3)}`;
    })
    .join('; ');
  const svg = await renderChart(curves, `${stage}: ${summary}`);
  return html`<figure><h3>${stage}</h3>${new Markup(svg)}<figcaption>${summary}</figcaption></figure>`;
}

function renderLabelling(data: ReportData): Markup | undefined {
  if (data.labelling.length === 0) return undefined;
  const rows = data.labelling.map(
    (row) =>
      html`<tr><th scope="row">${row.iteration}</th><td>${row.kept}</td><td>${row.corrected}</td><td>${row.rejected}</td></tr>`,
  );
  return html`<section aria-labelledby="labelling"><h2 id="labelling">Reward labelling</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Reward labelling"><table>
<caption>What became of each predicted target video: trusted as it was, trusted after correction, or left out.</caption>
<thead><tr><th scope="col">Iteration</th><th scope="col">Kept</th><th scope="col">Corrected</th><th scope="col">Left out</th></tr></thead>
<tbody>${rows}</tbody></table></div></section>`;
}

function renderQuarantine(data: ReportData): Markup | undefined {
  const quarantine = data.quarantine;
  if (!quarantine) return undefined;
  const { videos, folder } = quarantine;
  const sentence =
    videos === 0
      ? html`Every video could be used.`
      : html`${counted(videos, 'video')} could not be used. Why is in the store, for each of them: <code>${folder}</code>`;
  return html`<section aria-labelledby="quarantine"><h2 id="quarantine">Quarantine</h2>
<p>${sentence}</p></section>`;
}

function renderDetails(data: ReportData): Markup {
  const settings = data.config.settings.map(
    (row) => html`<tr><th scope="row">${row.name}</th><td>${row.value}</td></tr>`,
  );
  const artefacts = data.artefacts.map(
    (row) =>
      html`<tr><th scope="row">${row.name}</th><td><code>${row.key}</code></td><td><code>${row.sha256.slice(0, 12)}</code></td></tr>`,
  );
  return html`${
    settings.length > 0
      ? html`<details><summary>Configuration of the run</summary><div class="scroll" tabindex="0" role="region" aria-label="Configuration of the run"><table><thead><tr><th scope="col">Setting</th><th scope="col">Value</th></tr></thead><tbody>${settings}</tbody></table></div></details>`
      : undefined
  }${
    artefacts.length > 0
      ? html`<details><summary>Files of the run</summary><div class="scroll" tabindex="0" role="region" aria-label="Files of the run"><table><thead><tr><th scope="col">What</th><th scope="col">Key</th><th scope="col">SHA-256</th></tr></thead><tbody>${artefacts}</tbody></table></div></details>`
      : undefined
  }`;
}
