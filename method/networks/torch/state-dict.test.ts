import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { openStateDict } from './state-dict.ts';
import { fixtureValues, torchFile, torchZip } from './torch.fixture.ts';

describe('files of torch.save', () => {
  it('give the arrays of a state dict in its order', () => {
    const { shapes, read } = openStateDict(torchFile('policy.pt'));
    expect([...shapes].slice(0, 2)).toEqual([
      ['input_block.conv1.conv.weight', [1, 1, 3, 3, 1]],
      ['input_block.conv1.conv.bias', [1]],
    ]);
    expect([...shapes.keys()].at(-1)).toBe('output_block.conv.weight');
    for (const [k, [name, shape]] of [...shapes].entries()) {
      const { data } = read(name);
      expect([...data], name).toEqual(
        fixtureValues(
          k,
          shape.reduce((a, b) => a * b, 1),
        ),
      );
    }
  });

  it('give every floating-point format, views and scalars as float32', () => {
    const { read } = openStateDict(torchFile('formats.pth'));
    const six = (k: number) => ({ shape: [2, 3], data: Float32Array.from(fixtureValues(k, 6)) });
    expect(read('half')).toEqual(six(0));
    expect(read('bfloat16')).toEqual(six(1));
    expect(read('double')).toEqual(six(2));
    const [a, b, c, d, e, f] = fixtureValues(3, 6);
    expect(read('transposed')).toEqual({ shape: [2, 3], data: Float32Array.of(a!, c!, e!, b!, d!, f!) });
    expect(read('slice')).toEqual({ shape: [2, 3], data: Float32Array.from(fixtureValues(4, 9).slice(3)) });
    expect(read('scalar')).toEqual({ shape: [], data: Float32Array.from(fixtureValues(5, 1)) });
    expect(read('parameter')).toEqual(six(6));
    expect(() => read('whole')).toThrow(/whole numbers/);
  });

  it('give the state dict inside a Lightning checkpoint', () => {
    const { shapes } = openStateDict(torchFile('lightning.ckpt'));
    expect(shapes.get('actor.critic.net.output_block.conv.weight')).toEqual([1, 1, 1, 1, 1]);
    expect([...shapes.keys()].every((name) => name.startsWith('actor.'))).toBe(true);
  });
});

/** {'w': tensor}, with the tensor's storage of `elements` float32 and the arguments given as pickle code. */
function dictionaryWith(offset: string, size: string, stride: string, elements = 4): string {
  const storage = `(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK${String.fromCharCode(elements)}tQ`;
  return `\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(${storage}${offset}${size}${stride}\x89ccollections\nOrderedDict\n)RtRs.`;
}

describe('damaged and hostile files', () => {
  const numbers = { 'data/0': new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) };

  it('read what the test itself writes', () => {
    const { read } = openStateDict(torchZip(dictionaryWith('K\x01', 'K\x03\x85', 'K\x01\x85'), numbers));
    expect(read('w')).toEqual({ shape: [3], data: Float32Array.of(2, 3, 4) });
  });

  it.each([
    ['os.system', 'cos\nsystem\nX\x02\0\0\0id\x85R.'],
    ['builtins.eval', '\x80\x02cbuiltins\neval\nX\x01\0\0\x001\x85R.'],
    ['posix.system', '\x80\x02}X\x01\0\0\0acposix\nsystem\nX\x02\0\0\0id\x85Rs.'],
    ['torch.load', '\x80\x02ctorch\nload\n.'],
    ['collections.OrderedDict?extra', '\x80\x02ccollections\nOrderedDict\x1bextra\n.'],
  ])('refuse the name %s without running it', (name, pickle) => {
    expect(() => openStateDict(torchZip(pickle))).toThrow(name);
    expect(() => openStateDict(torchZip(pickle))).toThrow(/Nothing was run/);
  });

  it.each([
    ['the protocol-4 way of naming objects', '\x80\x04\x8c\x02os\x8c\x06system\x93.'],
    ['the making of instances', '\x80\x02(ios\nsystem\n.'],
    ['extension codes', '\x80\x02\x82\x01.'],
  ])('refuse %s', (_, pickle) => {
    expect(() => openStateDict(torchZip(pickle))).toThrow(/instruction 0x/);
  });

  it.each([
    [
      'a storage key that is a path',
      dictionaryWith('K\0', 'K\x04\x85', 'K\x01\x85').replace('\x01\0\0\x000', '\x04\0\0\0../0'),
    ],
    ['more elements than the storage has', dictionaryWith('K\0', 'K\x05\x85', 'K\x01\x85')],
    ['a view that repeats elements', dictionaryWith('K\0', 'K\xff\x85', 'K\0\x85')],
    ['an offset behind the end', dictionaryWith('K\x04', 'K\x01\x85', 'K\x01\x85')],
    ['a storage of another size', dictionaryWith('K\0', 'K\x04\x85', 'K\x01\x85', 5)],
    ['sizes that are no counts', dictionaryWith('K\0', 'J\xff\xff\xff\xff\x85', 'K\x01\x85')],
    ['no storage', '\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(K\0K\0))tRs.'],
    ['an end in the middle', '\x80\x02}X\x01\0\0\0w'],
    ['a recall of nothing', '\x80\x02h\x07.'],
    ['a text that ends after the file', '\x80\x02X\xff\xff\xff\x7fw.'],
    ['a call of a value', '\x80\x02})R.'],
    ['an empty pickle', ''],
  ])('refuse %s', (_, pickle) => {
    const open = () => openStateDict(torchZip(pickle, numbers)).read('w');
    expect(open).toThrow(expect.objectContaining({ code: 'CheckpointIncompatible' }));
  });

  it.each([
    ['a compressed member', zipSync({ 'a/data.pkl': new Uint8Array(100_000) }), 'FormatUnsupported'],
    ['a path out of the folder', torchZip('.', { '../../x': new Uint8Array(1) }), 'CheckpointIncompatible'],
    ['no description', zipSync({ 'a/other': new Uint8Array(4) }, { level: 0 }), 'CheckpointIncompatible'],
    ['a TorchScript program', torchZip('.', { 'constants.pkl': new Uint8Array(1) }), 'FormatUnsupported'],
    ['big-endian numbers', torchZip('.', { byteorder: Buffer.from('big') }), 'FormatUnsupported'],
    ['a file without tensors', torchZip('\x80\x02}.'), 'CheckpointIncompatible'],
    ['a file cut off', torchFile('policy.pt').slice(0, 9000), 'CheckpointIncompatible'],
    ['only the beginning of a zip file', Uint8Array.of(0x50, 0x4b, 3, 4), 'CheckpointIncompatible'],
  ])('refuse %s', (_, bytes, code) => {
    expect(() => openStateDict(bytes)).toThrow(expect.objectContaining({ code }));
  });

  it('fail in words, whatever byte of a file is damaged', () => {
    const whole = torchFile('policy.pt');
    for (let at = 0; at < whole.length; at += 97) {
      const bytes = Uint8Array.from(whole);
      bytes[at] = bytes[at]! ^ 0x5a;
      try {
        const { shapes, read } = openStateDict(bytes);
        for (const name of shapes.keys()) read(name);
      } catch (error) {
        expect(error).toHaveProperty('code');
      }
    }
  });
});
