/** Plans of folders that are only named, for tests of what names and tables say. */
import type { FolderListing, IngestPlan } from './plan.ts';
import { planFolder } from './plan-folder.ts';

/** Contents of text files, by path. */
export const texts: Record<string, string> = {};

const listing = (files: readonly string[]): FolderListing => ({
  files: [...files].sort(),
  readText: async (file) => texts[file] ?? '',
});

export const plan = (files: readonly string[], request: Partial<Parameters<typeof planFolder>[1]> = {}) =>
  planFolder(listing(files), { named: new Set(), ...request });

/** Where its labels come from, by video. */
export const pairs = ({ videos }: IngestPlan) =>
  Object.fromEntries(
    videos.map(({ file, labels }) => [file, labels?.kind === 'mask' ? labels.file : labels?.kind]),
  );

/** Why it was skipped, by file. */
export const reasons = ({ skipped }: IngestPlan) =>
  Object.fromEntries(skipped.map(({ file, reason }) => [file, reason]));
