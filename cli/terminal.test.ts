import { describe, expect, it } from 'vitest';
import { openTerminal } from './terminal.ts';

function recorder(isTTY: boolean, columns = 40) {
  const stream = {
    isTTY,
    columns,
    text: '',
    write(part: string) {
      stream.text += part;
    },
  };
  return stream;
}

describe('the terminal', () => {
  it('prints words for people or one JSON document, never both', () => {
    const output = recorder(false);
    for (const json of [false, true]) {
      const terminal = openTerminal(json, output, recorder(false));
      terminal.print('words');
      terminal.printJson({ a: 1 });
    }
    expect(output.text).toBe('words\n{\n  "a": 1\n}\n');
  });

  it('draws progress over what it drew before, without wrapping', () => {
    const progress = recorder(true, 20);
    const terminal = openTerminal(false, recorder(false), progress);
    terminal.redraw(['one', 'a line that is much too long for it']);
    terminal.redraw(['two']);
    expect(progress.text).toBe('one\na line that is muc~\n\u001b[2A\u001b[0Jtwo\n');
  });

  it('does not draw over remarks', () => {
    const progress = recorder(true);
    const terminal = openTerminal(false, recorder(false), progress);
    terminal.redraw(['one']);
    terminal.note('remark');
    terminal.redraw(['two']);
    expect(progress.text).toBe('one\nremark\ntwo\n');
  });

  it('writes only new lines where nothing can be redrawn', () => {
    const progress = recorder(false);
    const terminal = openTerminal(false, recorder(false), progress);
    terminal.redraw(['same', 'one']);
    terminal.redraw(['same', 'two']);
    expect(progress.text).toBe('same\none\ntwo\n');
  });
});
