import { expect, it } from 'vitest';
import { requireFolderOf, requirePaths } from './named-paths.ts';

const here = import.meta.filename;

it('names every path where nothing is, once, with the code and the hint', async () => {
  const paths = ['/no/a.dcm', here, `${here}/b.dcm`, '/no/a.dcm'];
  await expect(requirePaths(paths, 'DatasetInvalid', 'Look again.')).rejects.toMatchObject({
    code: 'DatasetInvalid',
    message: `/no/a.dcm, ${here}/b.dcm: there is no such file or folder. Look again.`,
  });
});

it('is content with files and folders that are there', async () => {
  await requirePaths([here, import.meta.dirname], 'ArtefactMissing', 'Look again.');
});

it('wants the folder of a file that is to be written, not the file', async () => {
  await requireFolderOf(`${import.meta.dirname}/new.html`);
  await requireFolderOf('new.html');
  await expect(requireFolderOf('/no/new.html')).rejects.toThrow(
    '/no: there is no such file or folder. Make the folder',
  );
});
