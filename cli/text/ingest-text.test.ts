import { expect, it } from 'vitest';
import { summaryLines } from './ingest-text.ts';

const plan = { collection: 'files', skipped: [] } as const;

it('says that nothing was stored where nothing was, not that all grey levels were kept', () => {
  const quarantined = [{ id: 'v', file: 'a.dcm', code: 'DatasetInvalid', message: 'x', reasons: [] }];
  const outcome = { accepted: [], quarantined, skipped: [], left: 0, bytes: 0 };
  const text = summaryLines('hospital', plan, outcome).join('\n');
  expect(text).toContain('0 accepted, 1 quarantined');
  expect(text).toContain('Nothing was stored.');
  expect(text).not.toContain('were kept');
});

it('counts one of a thing as one', () => {
  const skipped = [{ file: 'report.pdf', reason: 'a report' }];
  const outcome = { accepted: [], quarantined: [], skipped, left: 1, bytes: 0 };
  const text = summaryLines('hospital', { ...plan, skipped }, outcome).join('\n');
  expect(text).toContain('1 file skipped');
  expect(text).toContain('Stopped with 1 video left');
});
