import { describe, expect, test } from 'vitest';
import { pairs, plan, reasons, texts } from './plans.fixture.ts';

describe('a folder that is named from within, as "."', () => {
  test('is a dataset of this software with its studies and splits', async () => {
    texts['manifest.csv'] =
      'study,view,id,split,labelled,rows,columns,frames,spacingRowMm,spacingColumnMm,frameTimeMs\np1,a4c,v,test,true,4,4,2,1,1,40\n';
    const found = await plan(['manifest.csv', 'videos/v.nii.gz', 'labels/v.nii.gz']);
    expect(found).toMatchObject({
      collection: 'dataset',
      videos: [
        { file: 'videos/v.nii.gz', patient: 'p1', split: 'test', labels: { file: 'labels/v.nii.gz' } },
      ],
    });
  });

  test('is a patient of CAMUS with the frames of the info file', async () => {
    texts['Info_4CH.cfg'] = 'ED: 1\nES: 14\nFrameRate: 50.0\n';
    const stem = 'patient0002_4CH';
    const found = await plan([`${stem}_sequence.nii.gz`, `${stem}_ED_gt.nii.gz`, 'Info_4CH.cfg']);
    expect(found.videos).toMatchObject([
      { given: { frameTimeMs: 20 }, labels: { kind: 'frames', masks: [{ frame: 0 }] } },
    ]);
  });

  test('is a series of pictures that has a name', async () => {
    const { videos } = await plan(['f1.png', 'f2.png', 'f3.png', 'f4.png']);
    expect(videos).toMatchObject([{ file: '.', name: 'pictures' }]);
  });
});

describe('CAMUS', () => {
  const folder = (patient: string, names: string[]) =>
    names.map((name) => `db/${patient}/${name.replace('P', patient)}`);

  test('loops with their masks, frames at ED and ES by the info file, stills where there is no loop', async () => {
    texts['db/patient0002/Info_4CH.cfg'] = 'ED: 1\nES: 14\nNbFrame: 20\nFrameRate: 50.0\n';
    const files = [
      ...folder('patient0001', [
        'P_2CH_half_sequence.nii.gz',
        'P_2CH_half_sequence_gt.nii.gz',
        'P_2CH_ED.nii.gz',
        'P_2CH_ED_gt.nii.gz',
      ]),
      ...folder('patient0002', [
        'P_4CH_sequence.mhd',
        'P_4CH_sequence.raw',
        'P_4CH_ED_gt.mhd',
        'P_4CH_ES_gt.mhd',
        'Info_4CH.cfg',
      ]),
      ...folder('patient0003', ['P_2CH_ED.nii.gz', 'P_2CH_ED_gt.nii.gz']),
      'split/subgroup_testing.txt',
    ];
    texts['split/subgroup_testing.txt'] = 'patient0002\n';
    const found = await plan(files);
    expect(found.collection).toBe('CAMUS');
    expect(found.skipped).toEqual([]);
    expect(found.videos).toMatchObject([
      {
        name: 'patient0001_2CH_half_sequence',
        patient: 'patient0001',
        view: 'a2c',
        labels: { kind: 'mask' },
        labelMap: new Map([[3, 0]]),
      },
      {
        name: 'patient0002_4CH_sequence',
        patient: 'patient0002',
        view: 'a4c',
        split: 'test',
        given: { frameTimeMs: 20 },
        labels: { kind: 'frames', masks: [{ frame: 0 }, { frame: 13 }] },
      },
      { name: 'patient0003_2CH_ED', labels: { kind: 'mask' } },
    ]);
  });
});

describe('EchoNet', () => {
  test('films with rate, split and tracings of their tables', async () => {
    texts['e/FileList.csv'] = 'FileName,EF,FPS,Split\n0X01,55,50,VAL\n0X02,60,25,TRAIN\n';
    texts['e/VolumeTracings.csv'] =
      'FileName,X1,Y1,X2,Y2,Frame\n0X01.avi,5,1,5,9,3\n0X01.avi,2,2,8,2,3\n0X01.avi,2,8,8,8,3\n';
    const found = await plan(['e/FileList.csv', 'e/VolumeTracings.csv', 'e/Videos/0X01.avi']);
    expect(found.collection).toBe('EchoNet');
    expect(found.videos).toMatchObject([
      {
        patient: '0X01',
        split: 'val',
        given: { frameTimeMs: 20 },
        labels: { kind: 'tracings', tracings: [{ frame: 3 }] },
      },
    ]);
    expect(reasons(found)).toEqual({ '0X02': 'in FileList.csv, and there is no film of this name' });
  });

  test('of several views keep each to its own tables: another view is no four-chamber view', async () => {
    texts['p/A4C/FileList.csv'] = 'FileName,EF,FPS,Split\nCR1.avi,55,50,0\n';
    texts['p/PSAX/FileList.csv'] = 'FileName,EF,FPS,Split\nCR2.avi,60,25,1\n';
    texts['p/PSAX/VolumeTracings.csv'] =
      'FileName,X,Y,X1,Y1,X2,Y2,Frame\nCR2.avi,,,5,1,5,9,3\nCR2.avi,,,2,2,8,2,3\nCR2.avi,,,2,8,8,8,3\n';
    const found = await plan([
      'p/A4C/FileList.csv',
      'p/A4C/Videos/CR1.avi',
      'p/PSAX/FileList.csv',
      'p/PSAX/VolumeTracings.csv',
      'p/PSAX/Videos/CR2.avi',
    ]);
    expect(found.skipped).toEqual([]);
    expect(found.videos).toMatchObject([
      { name: 'CR1', view: 'a4c', given: { frameTimeMs: 20 } },
      { name: 'CR2', view: 'psax', given: { frameTimeMs: 40 }, labels: { kind: 'tracings' } },
    ]);
  });
});

test('nnU-Net: the first channel is the video, cases are paired, those of imagesTs are for testing', async () => {
  const found = await plan([
    'n/dataset.json',
    'n/imagesTr/case1_0000.nii.gz',
    'n/imagesTr/case1_0001.nii.gz',
    'n/labelsTr/case1.nii.gz',
    'n/labelsTr/gone.nii.gz',
    'n/imagesTs/case2_0000.nii.gz',
  ]);
  expect(found.collection).toBe('nnU-Net');
  expect(found.videos).toMatchObject([
    { name: 'case1', labels: { file: 'n/labelsTr/case1.nii.gz' } },
    { name: 'case2', split: 'test' },
  ]);
  expect(reasons(found)).toEqual({
    'n/imagesTr/case1_0001.nii.gz': expect.stringContaining('channel'),
    'n/labelsTr/gone.nii.gz': 'a mask without its video',
  });
});

test('nnU-Net: cases are told by their whole names, and pictures for testing never get masks for training', async () => {
  const found = await plan([
    'n/dataset.json',
    'n/imagesTr/a_seg_0000.nii.gz',
    'n/imagesTr/a_0000.nii.gz',
    'n/imagesTr/b_0000_0000.nii.gz',
    'n/imagesTs/a_0000.nii.gz',
    'n/labelsTr/a.nii.gz',
    'n/labelsTr/a_seg.nii.gz',
    'n/labelsTr/b_0000.nii.gz',
  ]);
  expect(pairs(found)).toEqual({
    'n/imagesTr/a_seg_0000.nii.gz': 'n/labelsTr/a_seg.nii.gz',
    'n/imagesTr/a_0000.nii.gz': 'n/labelsTr/a.nii.gz',
    'n/imagesTr/b_0000_0000.nii.gz': 'n/labelsTr/b_0000.nii.gz',
    'n/imagesTs/a_0000.nii.gz': undefined,
  });
  expect(found.videos.map(({ name }) => name)).toContain('b_0000');
});

test('nnU-Net: notes of an export are taken, and those of anybody else are not asked for', async () => {
  const files = ['n/dataset.json', 'n/imagesTr/a_0000.nii.gz', 'n/labelsTr/a.nii.gz'];
  const facts = { study: 'p', view: 'a2c', frameTimeMs: 20, annotatedFrames: [1, 4] };
  const labels = { background: 0, left_ventricle: 1, ignore: 2 };
  texts['n/dataset.json'] = JSON.stringify({
    labels,
    echoloop: { cases: { 'imagesTr/a_0000.nii.gz': facts } },
  });
  expect((await plan(files)).videos).toMatchObject([
    {
      ...{ patient: 'p', view: 'a2c', annotatedFrames: [1, 4], given: { frameTimeMs: 20 } },
      labelMap: new Map([[2, 0]]),
    },
  ]);
  for (const others of [JSON.stringify({ labels }), '{"labels": [', '']) {
    texts['n/dataset.json'] = others;
    const [video] = (await plan(files)).videos;
    expect(video).not.toHaveProperty('labelMap');
    expect(video).not.toHaveProperty('patient');
  }
});
