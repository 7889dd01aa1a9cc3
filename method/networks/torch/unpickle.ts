/**
 * A reader of pickles that runs nothing. Python's pickle is a program that may name any function to call; this one
 * knows the few names that torch writes for tensors and containers, builds plain values for them, and refuses the file
 * at any other name.
 */
import { DomainError } from '../../../ground/errors.ts';
import { ByteReader } from './byte-reader.ts';
import { call, damaged, isKnownName, type Pickled, storageOf } from './pickled-values.ts';

const MARK = Symbol('mark');
type Slot = Pickled | typeof MARK;

/**
 * What the pickle describes.
 * @throws DomainError FormatUnsupported at a name or instruction that tensors and containers do not need,
 * CheckpointIncompatible for a pickle that is damaged.
 */
export function unpickle(bytes: Uint8Array): Pickled {
  return new Machine(bytes).run();
}

class Machine {
  readonly #input: ByteReader;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, Slot>();

  constructor(bytes: Uint8Array) {
    this.#input = new ByteReader(bytes);
  }

  run(): Pickled {
    for (;;) {
      const at = this.#input.position;
      const code = this.#input.uint8();
      if (code === 0x2e) return this.#pop();
      const step = instructions[code];
      if (!step) {
        throw new DomainError(
          'FormatUnsupported',
          `the pickle has instruction 0x${code.toString(16)} at byte ${at}, which weights do not need. ${ASK_FOR_STATE_DICT}`,
        );
      }
      step(this.#input, this);
    }
  }

  push(value: Slot): void {
    this.#stack.push(value);
  }

  pop(): Pickled {
    return this.#pop();
  }

  #pop(): Pickled {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw damaged('an instruction finds no value');
    return value;
  }

  /** What was pushed since the last mark, which goes too. */
  popToMark(): Pickled[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw damaged('an instruction finds no mark');
    const values = this.#stack.splice(mark) as [typeof MARK, ...Pickled[]];
    return values.slice(1) as Pickled[];
  }

  top(): Pickled {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  store(index: number): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw damaged('it recalls what it never stored');
    this.#stack.push(value);
  }
}

const ASK_FOR_STATE_DICT =
  "Nothing was run. In Python, where the file is trusted: torch.save(torch.load(FILE, weights_only=False)['state_dict'], OUT) for a Lightning checkpoint, or torch.save(network.state_dict(), OUT), and import OUT.";

type Step = (input: ByteReader, machine: Machine) => void;

/** Of pickle protocol 2, which torch writes, what containers and tensors need. */
const instructions: Readonly<Record<number, Step>> = {
  // PROTO
  128: (input) => {
    const version = input.uint8();
    if (version < 2 || version > 5) throw damaged(`it is of protocol ${version}`);
  },
  // MARK, NONE, NEWTRUE, NEWFALSE
  40: (_, machine) => machine.push(MARK),
  78: (_, machine) => machine.push(null),
  136: (_, machine) => machine.push(true),
  137: (_, machine) => machine.push(false),
  // BININT, BININT1, BININT2, LONG1, BINFLOAT
  74: (input, machine) => machine.push(input.int32()),
  75: (input, machine) => machine.push(input.uint8()),
  77: (input, machine) => machine.push(input.uint16()),
  138: (input, machine) => machine.push(input.long(input.uint8())),
  71: (input, machine) => machine.push(input.bigEndianDouble()),
  // BINUNICODE, SHORT_BINUNICODE
  88: (input, machine) => machine.push(input.text(input.uint32())),
  140: (input, machine) => machine.push(input.text(input.uint8())),
  // EMPTY_LIST, EMPTY_DICT, EMPTY_TUPLE
  93: (_, machine) => machine.push([]),
  125: (_, machine) => machine.push(new Map()),
  41: (_, machine) => machine.push([]),
  // TUPLE, TUPLE1, TUPLE2, TUPLE3
  116: (_, machine) => machine.push(machine.popToMark()),
  133: (_, machine) => machine.push([machine.pop()]),
  134: (_, machine) => machine.push([machine.pop(), machine.pop()].reverse()),
  135: (_, machine) => machine.push([machine.pop(), machine.pop(), machine.pop()].reverse()),
  // APPEND, APPENDS
  97: (_, machine) => append(machine, [machine.pop()]),
  101: (_, machine) => append(machine, machine.popToMark()),
  // SETITEM, SETITEMS
  115: (_, machine) => setItems(machine, [machine.pop(), machine.pop()].reverse()),
  117: (_, machine) => setItems(machine, machine.popToMark()),
  // BINPUT, LONG_BINPUT, BINGET, LONG_BINGET
  113: (input, machine) => machine.store(input.uint8()),
  114: (input, machine) => machine.store(input.uint32()),
  104: (input, machine) => machine.recall(input.uint8()),
  106: (input, machine) => machine.recall(input.uint32()),
  // GLOBAL
  99: (input, machine) => {
    const name = `${input.line()} ${input.line()}`;
    if (isKnownName(name)) return machine.push({ global: name });
    throw new DomainError(
      'FormatUnsupported',
      `the file asks for the Python object ${printable(name)}, which is no part of weights and may run anything. ${ASK_FOR_STATE_DICT}`,
    );
  },
  // BINPERSID
  81: (_, machine) => machine.push(storageOf(machine.pop())),
  // REDUCE
  82: (_, machine) => {
    const args = machine.pop();
    machine.push(call(machine.pop(), args));
  },
  // BUILD gives an object attributes: those of a state dict (its _metadata) are not weights.
  98: (_, machine) => {
    machine.pop();
    if (!(machine.top() instanceof Map))
      throw damaged('it gives attributes to something else than a dictionary');
  },
};

function append(machine: Machine, values: Pickled[]): void {
  const list = machine.top();
  if (!Array.isArray(list)) throw damaged('it appends to something else than a list');
  for (const value of values) list.push(value);
}

function setItems(machine: Machine, keysAndValues: Pickled[]): void {
  const dictionary = machine.top();
  if (!(dictionary instanceof Map) || keysAndValues.length % 2 !== 0) {
    throw damaged('it sets items of something else than a dictionary');
  }
  for (let i = 0; i < keysAndValues.length; i += 2) dictionary.set(keysAndValues[i]!, keysAndValues[i + 1]!);
}

/** Names come out of a file that may be hostile, and go to a terminal. */
function printable(name: string): string {
  return name
    .replace(' ', '.')
    .replace(/[^\x21-\x7e]/g, '?')
    .slice(0, 100);
}
