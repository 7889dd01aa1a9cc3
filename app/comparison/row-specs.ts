/**
 * What a person names as systems to compare, as rows: `unet3d`, `rl4seg3d-tto=RUN`, `folder=DIR`, or a JSON file of
 * rows.
 */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { type ComparedRow, ComparedRowSchema } from '../../contracts/comparison.ts';
import { DomainError } from '../../ground/errors.ts';

/** A row with what of it lies on this machine. */
export interface RequestedRow extends ComparedRow {
  /** Folder of masks, one for each test video. */
  readonly masks?: string | undefined;
  /** Folder of references, against which these masks are scored instead of the dataset's. */
  readonly references?: string | undefined;
  /** Checkpoint file of the model. */
  readonly checkpoint?: string | undefined;
}

const RequestedRowSchema = ComparedRowSchema.extend({
  masks: z.string().min(1).exactOptional(),
  references: z.string().min(1).exactOptional(),
  checkpoint: z.string().min(1).exactOptional(),
});

/** After a system's name: how its model is used, which changes nothing of how it is made. */
const USES: Readonly<Record<string, ComparedRow['settings']>> = {
  tto: { optimise: true },
  plain: { inference: 'plain' },
};
const USE = new RegExp(`-(${Object.keys(USES).join('|')})$`);

/**
 * @param specs `SYSTEM` or `SYSTEM=VALUE`; the value is a run, `model:NAME` or a checkpoint file, for `folder` a folder
 * and for `inter-expert` two with a comma between. After the system's name `-tto`: test-time
 * optimisation; `-plain`: without what the configuration's inference adds to sliding windows.
 * @throws DomainError ConfigInvalid for one that cannot be read so.
 */
export function rowsOfSpecs(specs: readonly string[]): RequestedRow[] {
  const taken = new Set<string>();
  return specs.map((spec) => {
    const row = rowOfSpec(spec);
    const name = freeName(row.name, taken);
    taken.add(name);
    return { ...row, name };
  });
}

const LONGEST_NAME = 60;
const LONGEST_TITLE = 80;

/** Of two rows of one name the later ones are numbered. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) {
    const ending = `-${number}`;
    free = `${name.slice(0, LONGEST_NAME - ending.length)}${ending}`;
  }
  return free;
}

function rowOfSpec(spec: string): RequestedRow {
  const at = spec.indexOf('=');
  const named = at < 0 ? spec : spec.slice(0, at);
  const value = at < 0 ? undefined : spec.slice(at + 1);
  const parsed = ComparedRowSchema.safeParse({
    name: named,
    system: named.replace(USE, ''),
    settings: USES[USE.exec(named)?.[1] ?? ''] ?? {},
  });
  if (!parsed.success || value === '') {
    throw new DomainError(
      'ConfigInvalid',
      `--systems: "${spec}" is no system. Expected NAME or NAME=VALUE, such as unet3d, rl4seg3d-tto=RUN, folder=DIR or inter-expert=DIR,DIR.`,
    );
  }
  const row = parsed.data;
  if (row.system === 'folder') return { ...row, ...folderOf(spec, value) };
  if (row.system === 'inter-expert') return { ...row, ...expertsOf(spec, value) };
  if (value === undefined) return row;
  if (value.startsWith('model:')) return { ...row, from: { model: value.slice('model:'.length) } };
  if (/[/\\]|\.(safetensors|pt|pth|ckpt)$/.test(value)) return { ...row, checkpoint: value };
  return { ...row, from: { run: value } };
}

function folderOf(spec: string, folder: string | undefined): Partial<RequestedRow> {
  if (folder === undefined) {
    throw new DomainError('ConfigInvalid', `--systems: "${spec}" needs the folder of the masks: folder=DIR.`);
  }
  const called = basename(resolve(folder));
  const name = called.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return {
    name: name.slice(0, LONGEST_NAME) || 'folder',
    settings: { title: called.slice(0, LONGEST_TITLE) || 'folder' },
    masks: folder,
  };
}

function expertsOf(spec: string, value: string | undefined): Partial<RequestedRow> {
  const [references, masks, more] = value?.split(',') ?? [];
  if (references && masks && more === undefined) return { masks, references };
  throw new DomainError(
    'ConfigInvalid',
    `--systems: "${spec}" needs two folders of masks, one of each expert: inter-expert=DIR,DIR.`,
  );
}

/** @throws DomainError ConfigInvalid naming what is wrong in the file. */
export async function rowsOfFile(file: string): Promise<RequestedRow[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new DomainError('ConfigInvalid', `${file}: the rows cannot be read (${error.code}). Check --rows.`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DomainError('ConfigInvalid', `${file}: expected JSON, found ${(error as Error).message}.`);
  }
  const parsed = z.array(RequestedRowSchema).safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DomainError('ConfigInvalid', `${file}: not a list of rows:\n${z.prettifyError(parsed.error)}`);
}
