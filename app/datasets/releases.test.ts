/**
 * Releases as their makers publish them, made of phantoms, brought in with one call each; real sets where they are at
 * hand.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dicomFixture } from '../../datasets/dicom.fixture.ts';
import type { FilmReader } from '../../datasets/film.ts';
import { metaImageHeader } from '../../datasets/metaimage.fixture.ts';
import { readLabelNifti, writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { verifyDataset } from '../../datasets/verify.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { readManifestOf } from '../../storage/manifests.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { ingestVideos } from './ingest-videos.ts';
import { planIngestion } from './plan-ingestion.ts';
import { readManifest } from './stored-dataset.ts';
import { storeSource } from './verify-named.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-releases-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const phantom = (index: number) => generatePhantom({ domain: 'target', seed: 9, index });

function frameOf(video: LabelVideo, frame: number): LabelVideo {
  const pixels = video.rows * video.columns;
  return { ...video, frames: 1, labels: video.labels.slice(frame * pixels, (frame + 1) * pixels) };
}

/** With the atrium of CAMUS, label 3, below the ventricle. */
function withAtrium(video: LabelVideo): LabelVideo {
  const last = video.columns * (video.rows - 2);
  const pixels = video.rows * video.columns;
  const isBelow = (i: number) => i % pixels > last;
  return { ...video, labels: video.labels.map((label, i) => (label === 0 && isBelow(i) ? 3 : label)) };
}

async function camusTree(root: string): Promise<void> {
  for (const [patient, views] of [
    ['patient0001', ['2CH', '4CH']],
    ['patient0002', ['4CH']],
    ['patient0003', ['4CH']],
  ] as const) {
    const folder = join(root, patient);
    await mkdir(folder, { recursive: true });
    for (const [i, view] of views.entries()) {
      const { image, labels } = phantom(Number(patient.at(-1)) * 2 + i);
      const stem = join(folder, `${patient}_${view}`);
      // As published: one second from frame to frame in the header, the rate in the info file.
      await writeFile(`${stem}_half_sequence.nii.gz`, writeGreyNifti({ ...image, frameTimeMs: 1000 }));
      const masks = withAtrium(labels);
      if (patient === 'patient0001')
        await writeFile(`${stem}_half_sequence_gt.nii.gz`, writeLabelNifti({ ...masks, frameTimeMs: 1000 }));
      else {
        await writeFile(`${stem}_ED_gt.nii.gz`, writeLabelNifti(frameOf(masks, 0)));
        await writeFile(`${stem}_ES_gt.nii.gz`, writeLabelNifti(frameOf(masks, 5)));
      }
      await writeFile(
        join(folder, `Info_${view}.cfg`),
        `ED: 1\nES: 6\nNbFrame: ${image.frames}\nFrameRate: 25.0\n`,
      );
    }
  }
}

describe('a CAMUS release', () => {
  it('comes in with patients, views, frame times, all its masks, and no patient in two splits', async () => {
    const root = join(home, 'camus');
    await camusTree(root);
    const store = new MemoryStore();
    const plan = await planIngestion({ paths: [root] });
    const { accepted, quarantined } = await ingestVideos(store, plan, {
      dataset: 'c',
      keepNames: true,
      view: 'a4c',
    });
    expect([plan.collection, plan.skipped, quarantined]).toEqual(['CAMUS', [], []]);
    const rows = await readManifest(store, 'c');
    expect(
      rows.map(({ id, study, view, labelled, frameTimeMs }) => [id, study, view, labelled, frameTimeMs]),
    ).toEqual([
      ['patient0001_2CH_half_sequence', 'patient0001', 'a2c', true, 40],
      ['patient0001_4CH_half_sequence', 'patient0001', 'a4c', true, 40],
      ['patient0002_4CH_half_sequence', 'patient0002', 'a4c', true, 40],
      ['patient0003_4CH_half_sequence', 'patient0003', 'a4c', true, 40],
    ]);
    expect(rows[0]!.split).toBe(rows[1]!.split);
    expect(rows[0]!.annotatedFrames).toBeUndefined();
    expect(rows[2]!.annotatedFrames).toEqual([0, 5]);
    const labels = readLabelNifti((await store.get(datasetKeys.labels('c', rows[2]!.id)))!, 'l');
    const pixels = labels.rows * labels.columns;
    expect(labels.labels.subarray(5 * pixels, 6 * pixels)).toEqual(frameOf(phantom(4).labels, 5).labels);
    expect(accepted).toHaveLength(4);
    const { problems } = await verifyDataset(storeSource(store, 'c'));
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('of MetaImage files is read with the pixels beside them, and names go no further than a keyed hash', async () => {
    const folder = join(home, 'camus-mhd', 'patient0001');
    await mkdir(folder, { recursive: true });
    const { image } = phantom(0);
    const dims = [image.columns, image.rows, image.frames];
    const spacing = [image.spacingMm[1], image.spacingMm[0], 0.03];
    const header = metaImageHeader({ dims, spacing, dataFile: 'patient0001_4CH_sequence.raw' });
    await writeFile(join(folder, 'patient0001_4CH_sequence.mhd'), header);
    await writeFile(
      join(folder, 'patient0001_4CH_sequence.raw'),
      Uint8Array.from(image.intensities, (value) => Math.round(value * 255)),
    );
    const store = new MemoryStore();
    const plan = await planIngestion({ paths: [join(home, 'camus-mhd')] });
    const request = { dataset: 'm', keepNames: false, view: 'a4c' };
    const { accepted } = await ingestVideos(store, plan, request);
    expect(accepted[0]).toMatchObject({ frameTimeMs: 30, view: 'a4c' });
    expect(accepted[0]!.study).toMatch(/^patient-[0-9a-f]{16}$/);
    expect((await ingestVideos(store, plan, request)).accepted[0]!.study).toBe(accepted[0]!.study);
    const other = await ingestVideos(new MemoryStore(), plan, request);
    expect(other.accepted[0]!.study).not.toBe(accepted[0]!.study);
  });
});

describe('an EchoNet release', () => {
  const names = ['0X1A2B3C4D5E6F7A01', '0X1A2B3C4D5E6F7A02', '0X1A2B3C4D5E6F7A03'];
  const filmReader: FilmReader = {
    decode: async (film) => {
      const { rows, columns, intensities } = phantom(film[12]!).image;
      const grey = Uint8Array.from(intensities, (value) => Math.round(value * 255));
      return { rows, columns, frameTimeMs: undefined, grey };
    },
  };

  async function tree(root: string): Promise<void> {
    await mkdir(join(root, 'Videos'), { recursive: true });
    const list = ['FileName,EF,ESV,EDV,FrameHeight,FrameWidth,FPS,NumberOfFrames,Split'];
    const tracings = ['FileName,X1,Y1,X2,Y2,Frame'];
    for (const [i, name] of names.entries()) {
      await writeFile(
        join(root, 'Videos', `${name}.avi`),
        Buffer.from([...Buffer.from('RIFF\0\0\0\0AVI '), i]),
      );
      list.push(`${name},55,40,90,112,112,50,20,${['TRAIN', 'VAL', 'TEST'][i]}`);
      for (const frame of [2, 7]) {
        tracings.push(`${name}.avi,55,30,55,80,${frame}`);
        for (let y = 30; y <= 80; y += 5) tracings.push(`${name}.avi,40,${y},70,${y},${frame}`);
      }
    }
    await writeFile(join(root, 'FileList.csv'), `${list.join('\n')}\n`);
    await writeFile(join(root, 'VolumeTracings.csv'), `${tracings.join('\n')}\n`);
  }

  it('comes in with its splits, and references of the ventricle alone in two frames', async () => {
    const root = join(home, 'echonet');
    await tree(root);
    const store = new MemoryStore();
    const plan = await planIngestion({ paths: [root] });
    const { quarantined } = await ingestVideos(store, plan, {
      dataset: 'e',
      keepNames: true,
      view: 'a4c',
      reading: { filmReader, spacingMm: [1.66, 1.66] },
    });
    expect([plan.collection, plan.skipped, quarantined]).toEqual(['EchoNet', [], []]);
    const rows = await readManifest(store, 'e');
    expect(rows.map(({ split }) => split)).toEqual(['train', 'val', 'test']);
    for (const row of rows) {
      expect(row).toMatchObject({
        frameTimeMs: 20,
        annotatedFrames: [2, 7],
        annotatedLabels: [1],
        labelled: true,
      });
    }
  });

  it('without ffmpeg sets every film aside and says what is needed', async () => {
    const plan = await planIngestion({ paths: [join(home, 'echonet')] });
    const { accepted, quarantined } = await ingestVideos(new MemoryStore(), plan, {
      dataset: 'e',
      keepNames: true,
      view: 'a4c',
    });
    expect(accepted).toEqual([]);
    expect(quarantined).toHaveLength(3);
    expect(quarantined[0]!.message).toContain('Install ffmpeg');
  });
});

describe('DICOM', () => {
  it('keeps the recordings of a patient in one study and split, and the patient out of every name', async () => {
    const folder = join(home, 'dicom');
    await mkdir(folder, { recursive: true });
    for (const index of [0, 1, 2]) {
      const { rows, columns, frames, intensities } = phantom(index).image;
      const file = dicomFixture({
        rows,
        columns,
        frames,
        frameTime: '40',
        regions: [{ box: [0, 0, columns - 1, rows - 1], centimetres: [0.12, 0.12] }],
        pixels: Uint8Array.from(intensities, (value) => Math.round(value * 255)),
        extra: [{ tag: [0x10, 0x20], vr: 'LO', value: index < 2 ? 'MILLER-7' : 'SMITH-8' }],
      });
      await writeFile(join(folder, `IM000${index}`), file);
    }
    const store = new MemoryStore();
    const plan = await planIngestion({ paths: [folder] });
    const { accepted, quarantined } = await ingestVideos(store, plan, {
      dataset: 'd',
      keepNames: false,
      view: 'a4c',
    });
    expect(quarantined).toEqual([]);
    const [first, second, third] = accepted;
    expect([second!.study, second!.split]).toEqual([first!.study, first!.split]);
    expect(third!.study).not.toBe(first!.study);
    expect((await readManifestOf(store, 'd'))?.text).not.toMatch(/MILLER|SMITH/);
  });
});

describe('what can be read and is no recording', () => {
  it('is set aside with its reasons, and taken when they are forced one by one', async () => {
    const { image, labels } = phantom(0);
    const file = join(home, 'Jane_Doe.nii.gz');
    const intensities = Float32Array.from(labels.labels, (label) => label / 255);
    await writeFile(file, writeGreyNifti({ ...image, frameTimeMs: 2000, intensities }));
    const plan = await planIngestion({ paths: [file] });
    const ingest = async (force: readonly ('few-levels' | 'frame-time')[]) => {
      const store = new MemoryStore();
      const outcome = await ingestVideos(store, plan, { dataset: 'd', keepNames: false, view: 'a4c', force });
      return { ...outcome, store };
    };
    const none = await ingest([]);
    expect(none.quarantined[0]!.reasons).toEqual(['few-levels', 'frame-time']);
    const key = datasetKeys.quarantine('d', none.quarantined[0]!.id);
    expect(Buffer.from((await none.store.get(key))!).toString()).not.toContain('Jane');
    expect((await ingest(['few-levels'])).quarantined[0]!.reasons).toEqual(['frame-time']);
    const both = await ingest(['few-levels', 'frame-time']);
    expect(both.accepted).toHaveLength(1);
    expect(both.accepted[0]!.notes.join()).toContain('few-levels: expected');
  });
});

const realSets = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'real-echo');
const hasRealSets = existsSync(realSets);
if (!hasRealSets) console.warn('real sets: skipped, they are not on this machine');

describe.skipIf(!hasRealSets)('the real sets of this machine', { timeout: 240_000 }, () => {
  it('come in with their patients and splits, the ventricle-only references scored as such', async () => {
    const store = new MemoryStore();
    const root = join(realSets, 'echonet-a4c');
    const whole = await planIngestion({ paths: [root], labels: join(root, 'lv') });
    const videos = whole.videos.filter(({ labels }, i) => labels !== undefined || i % 4 === 0).slice(0, 24);
    const { accepted, quarantined } = await ingestVideos(
      store,
      { videos },
      { dataset: 'e', keepNames: true, view: 'a4c' },
    );
    expect(quarantined).toEqual([]);
    const labelled = accepted.filter((video) => video.labelled);
    expect(labelled.length).toBeGreaterThan(5);
    for (const { annotatedLabels } of labelled) expect(annotatedLabels).toEqual([1]);
    for (const { file, split } of accepted)
      expect(split).toBe(whole.videos.find((video) => video.file === file)!.split);
  });
});
