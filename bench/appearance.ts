/**
 * The appearance of phantoms beside that of recordings: `--with FOLDER:LABELS,...` names datasets and the folder in
 * each that holds their masks, such as `camus:labels,echonet:lv`. Only these numbers come of it, never a picture.
 * Medians over videos.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readGreyNifti, readLabelNifti } from '../datasets/nifti.ts';
import { generatePhantom, type PhantomDomain } from '../datasets/phantom/phantom.ts';
import { LEFT_VENTRICLE } from '../ground/labels.ts';
import { type LabelVideo, labelFrame } from '../imaging/image.ts';
import { type Appearance, appearanceOf, type RegionAppearance } from './shared/appearance.ts';
import { benchOptions, wholeNumber } from './shared/bench-options.ts';

/** The first two labelled frames that are half a video apart or, where few are labelled, the first two of those. */
function labelledFrames(labels: LabelVideo): number[] {
  const labelled = Array.from({ length: labels.frames }, (_, t) => t).filter((t) =>
    labelFrame(labels, t).labels.includes(LEFT_VENTRICLE),
  );
  const later = labelled.find((t) => t >= labelled[0]! + labels.frames / 2) ?? labelled[1];
  return [labelled[0], later].filter((t) => t !== undefined);
}

function* phantoms(domain: PhantomDomain, count: number): Iterable<Appearance | undefined> {
  for (let index = 0; index < count; index++) {
    const { image, labels } = generatePhantom({ domain, seed: 1, index });
    yield appearanceOf(image, labels, labelledFrames(labels));
  }
}

async function recordings(folder: string, masks: string, count: number): Promise<(Appearance | undefined)[]> {
  const files = (await readdir(join(folder, masks))).filter((file) => file.endsWith('.nii.gz')).sort();
  const found: (Appearance | undefined)[] = [];
  const every = Math.max(1, Math.floor(files.length / count));
  for (const file of files.filter((_, i) => i % every === 0).slice(0, count)) {
    const labels = readLabelNifti(await readFile(join(folder, masks, file)), file);
    const image = readGreyNifti(await readFile(join(folder, 'videos', file)), file);
    found.push(appearanceOf(image, labels, labelledFrames(labels)));
  }
  return found;
}

function median(values: readonly number[]): string {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!.toFixed(2);
}

function row(name: string, all: readonly (Appearance | undefined)[]): string {
  const known = all.filter((one) => one !== undefined);
  const region = (of: (one: Appearance) => RegionAppearance): string[] => [
    `${median(known.map((one) => of(one).mean))} (${median(known.map((one) => of(one).deviation))})`,
    [0, 1, 2].map((i) => median(known.map((one) => of(one).percentiles[i]!))).join(', '),
    median(known.map((one) => of(one).envelopeSnr)),
    [0, 1].map((i) => median(known.map((one) => of(one).correlation[i]!))).join(', '),
  ];
  const cells = [...region(({ wall }) => wall), ...region(({ cavity }) => cavity)];
  return `| ${[`${name} (${known.length})`, ...cells, median(known.map(({ contrast }) => contrast))].join(' | ')} |`;
}

const values = benchOptions({
  with: { type: 'string', default: '' },
  videos: { type: 'string', default: '30' },
});
const count = wholeNumber('--videos', values.videos);
const parts = ['mean (deviation)', '5, 50, 95 %', 'envelope SNR', 'correlation down, across'];
const heads = [
  'videos',
  ...parts.map((part) => `wall: ${part}`),
  ...parts.map((part) => `cavity: ${part}`),
  'contrast',
];
console.log(`| ${heads.join(' | ')} |\n|${heads.map(() => ' --- ').join('|')}|`);
console.log(row('phantom source', [...phantoms('source', count)]));
console.log(row('phantom target', [...phantoms('target', count)]));
for (const entry of values.with.split(',').filter(Boolean)) {
  const [folder, masks] = entry.split(':') as [string, string | undefined];
  console.log(row(basename(folder), await recordings(folder, masks ?? 'labels', count)));
}
