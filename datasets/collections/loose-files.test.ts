import { describe, expect, test } from 'vitest';
import { pairs, plan, reasons } from './plans.fixture.ts';

describe('loose files', () => {
  test('masks beside their videos, by suffix or folder, are masks and no videos', async () => {
    const found = await plan([
      'd/a.nii.gz',
      'd/a_gt.nii.gz',
      'd/b.dcm',
      'd/x/images/c.nii',
      'd/x/labels/c.nii.gz',
      'd/e_mask.nii',
    ]);
    expect(pairs(found)).toEqual({
      'd/a.nii.gz': 'd/a_gt.nii.gz',
      'd/b.dcm': undefined,
      'd/x/images/c.nii': 'd/x/labels/c.nii.gz',
    });
    expect(reasons(found)).toEqual({ 'd/e_mask.nii': 'a mask without its video' });
  });

  test('what is left lying is named with its reason, films are videos', async () => {
    const found = await plan([
      'd/a.avi',
      'd/b.mp4',
      'd/notes.txt',
      'd/screen1.bmp',
      'd/c.mhd',
      'd/c.raw',
      'd/p.png',
      'd/pair.hdr',
      'd/pair.img',
      'd/IM0001',
    ]);
    expect(found.videos.map(({ file }) => file)).toEqual(['d/IM0001', 'd/a.avi', 'd/b.mp4', 'd/c.mhd']);
    expect(reasons(found)).toMatchObject({
      'd/notes.txt': 'no video: files that end in .txt are not read',
      'd/screen1.bmp': 'no video: files that end in .bmp are not read',
      'd/c.raw': expect.stringContaining('.mhd'),
      'd/p.png': expect.stringContaining('a single picture'),
      'd/pair.hdr': expect.stringContaining('single file'),
      'd/pair.img': expect.stringContaining('one of a pair'),
    });
  });

  test('recordings that are numbered are recordings, but for further channels beside a first one', async () => {
    const recordings = ['d/IM_0001', 'd/IM_0002', 'd/c_0001.dcm', 'd/e_0001.nii.gz', 'd/f_0003.avi'];
    const channels = ['d/n_0000.nii.gz', 'd/n_0001.nii.gz', 'd/m_0000.mhd', 'd/m_0001.mhd'];
    const found = await plan([...recordings, ...channels]);
    expect(found.videos.map(({ file }) => file)).toEqual(
      [...recordings, 'd/n_0000.nii.gz', 'd/m_0000.mhd'].sort(),
    );
    expect(reasons(found)).toEqual({
      'd/n_0001.nii.gz': expect.stringContaining('further channel'),
      'd/m_0001.mhd': expect.stringContaining('further channel'),
    });
  });

  test('numbered pictures of a folder are one video, in the order of their numbers', async () => {
    const { videos } = await plan(['d/s/f10.png', 'd/s/f9.png', 'd/s/f8.png', 'd/s/f11.png']);
    expect(videos).toHaveLength(1);
    expect(videos[0]).toMatchObject({
      name: 's',
      pictures: ['d/s/f8.png', 'd/s/f9.png', 'd/s/f10.png', 'd/s/f11.png'],
    });
  });

  test.each([
    ['two recordings', ['a_1', 'a_2', 'a_3', 'a_4', 'b_1', 'b_2', 'b_3', 'b_4']],
    ['a number that is the same in all', ['f1_of_10', 'f2_of_10', 'f9_of_10', 'f10_of_10']],
  ])('pictures of %s in one folder are no video: their frames would be mixed up', async (_, names) => {
    const files = names.map((name) => `d/s/${name}.png`);
    const found = await plan(files);
    expect(found.videos).toEqual([]);
    expect(Object.keys(reasons(found)).sort()).toEqual([...files].sort());
    expect(reasons(found)[files[0]!]).toContain('differ in more than their last number');
  });

  test('a folder of masks by name; one in the same folder as the videos never makes a video its own mask', async () => {
    const apart = await plan(['v/a.nii.gz', 'v/b.nii.gz', 'v/m/a.nii.gz'], {
      masks: ['v/m/a.nii.gz', 'v/m/z.nii.gz'],
    });
    expect(pairs(apart)).toEqual({ 'v/a.nii.gz': 'v/m/a.nii.gz', 'v/b.nii.gz': undefined });
    expect(reasons(apart)).toEqual({ 'v/m/z.nii.gz': 'a mask without its video' });
    const mixed = ['v/a.nii.gz', 'v/a_gt.nii.gz'];
    expect(pairs(await plan(mixed, { masks: mixed }))).toEqual({ 'v/a.nii.gz': 'v/a_gt.nii.gz' });
  });

  test('masks of one name in folders of patients go to the videos of their own patient, and to none by chance', async () => {
    const videos = ['v/p1/a4c.dcm', 'v/p2/a4c.dcm', 'v/p3/a2c.dcm', 'v/p4/b.dcm', 'v/p5/b.dcm'];
    const masks = ['m/p1/a4c_seg.nii.gz', 'm/p2/a4c.nii.gz', 'm/a2c.nii.gz', 'm/b.nii.gz'];
    const found = await plan(videos, { masks });
    expect(pairs(found)).toEqual({
      'v/p1/a4c.dcm': 'm/p1/a4c_seg.nii.gz',
      'v/p2/a4c.dcm': 'm/p2/a4c.nii.gz',
      'v/p3/a2c.dcm': 'm/a2c.nii.gz',
      'v/p4/b.dcm': undefined,
      'v/p5/b.dcm': undefined,
    });
    expect(reasons(found)).toEqual({ 'm/b.nii.gz': expect.stringContaining('name it in --table') });
  });

  test("patients of CAMUS and EchoNet are known by their names, others' are not guessed", async () => {
    const { videos } = await plan([
      'd/patient0007_4CH_clip.nii.gz',
      'd/0X1A2B3C4D5E6F7A8B.avi',
      'd/Miller_3.dcm',
    ]);
    expect(videos.map(({ patient, view }) => [patient, view])).toEqual([
      ['0X1A2B3C4D5E6F7A8B', undefined],
      [undefined, undefined],
      ['patient0007', 'a4c'],
    ]);
  });
});

test('a table says patient, view, split and mask; its masks are no videos', async () => {
  const text =
    'file,patient,view,split,labels,annotatedFrames\na.nii.gz,P 1,A2C,test,drawn.nii.gz,0 7\n"b.nii.gz",P 1,a4c,test,,\n';
  const found = await plan(['d/a.nii.gz', 'd/b.nii.gz', 'd/drawn.nii.gz'], {
    table: { file: 'd/t.csv', text },
  });
  expect(found.videos).toMatchObject([
    {
      file: 'd/a.nii.gz',
      patient: 'P 1',
      view: 'a2c',
      split: 'test',
      labels: { file: 'd/drawn.nii.gz' },
      annotatedFrames: [0, 7],
    },
    { file: 'd/b.nii.gz', patient: 'P 1', view: 'a4c', split: 'test' },
  ]);
  const wrong = { file: 't.csv', text: 'file,patient\nz.nii,P\n' };
  await expect(plan(['d/a.nii.gz'], { table: wrong })).rejects.toThrow(/t\.csv: .*found z\.nii/);
  await expect(plan(['d/a.nii.gz'], { table: { file: 't.csv', text: 'name\na\n' } })).rejects.toThrow(
    /none named file/,
  );
});

test('a table that means two files, or says what no manifest can hold, is refused before anything is read', async () => {
  const files = ['d/p1/a.dcm', 'd/p2/a.dcm'];
  const withTable = (text: string) => plan(files, { table: { file: 'd/t.csv', text } });
  await expect(withTable('file,patient\na.dcm,P1\n')).rejects.toThrow(/a\.dcm, which is d\/p1\/a\.dcm and/);
  const { videos } = await withTable('file,patient\np1/a.dcm,P1\nd\\p2\\a.dcm,P2\n');
  expect(videos.map(({ patient }) => patient)).toEqual(['P1', 'P2']);
  await expect(withTable('file,patient\np1/a.dcm,P1\nd/p1/a.dcm,P2\n')).rejects.toThrow(/one row for each/);
  for (const [column, value] of [
    ['split', 'training'],
    ['view', '4-chamber'],
    ['annotatedFrames', '1 x'],
    ['annotatedLabels', '1,5'],
  ]) {
    const refused = withTable(`file,${column}\np1/a.dcm,"${value}"\n`);
    await expect(refused).rejects.toMatchObject({ code: 'DatasetInvalid' });
    await expect(refused).rejects.toThrow(`the row of p1/a.dcm: ${column}`);
  }
});
