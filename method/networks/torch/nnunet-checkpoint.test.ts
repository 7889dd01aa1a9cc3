import { describe, expect, it } from 'vitest';
import { openNnUNetCheckpoint } from './nnunet-checkpoint.ts';
import { torchZip } from './torch.fixture.ts';

const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;

/** {'init_args': what was stored as `memo`, 'network_weights': the first weight of nnU-Net}, after `before`. */
function checkpointWith(before: string, memo: number): Uint8Array {
  const storage = `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}K\x01tQ`;
  const tensor = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\0K\x01\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR`;
  const weights = `}${text('encoder.stages.0.0.convs.0.conv.weight')}${tensor}s`;
  const root = `}${text('init_args')}h${String.fromCharCode(memo)}s${text('network_weights')}${weights}s.`;
  return torchZip(`\x80\x02${before}${root}`, { 'data/0': new Uint8Array(4) });
}

/** A list of ten lists of ten lists and so on, stored as memo 30, in some hundred bytes. */
const nested = Array.from({ length: 30 }, (_, level) => {
  const before = String.fromCharCode(level);
  return `](${`h${before}`.repeat(10)}eq${String.fromCharCode(level + 1)}`;
}).join('');

describe('plans of hostile checkpoints', () => {
  it.each([
    ['hold themselves', ']q\x01h\x01a', 1],
    ['hold themselves as a name', '}q\x01h\x01K\x01s', 1],
    ['are small in the file and huge when they are written out', `]q\0${nested}`, 30],
    ['have names that are', `]q\0${nested}}h\x1eK\x01sq\x1f`, 31],
  ])('%s: refused in words', (_, before, memo) => {
    expect(() => openNnUNetCheckpoint(checkpointWith(before, memo))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/CheckpointIncompatible|LimitExceeded/) }),
    );
  });
});
