/**
 * What is added to the addon of tfjs-node while it is built: functions of TensorFlow's eager context
 * (docs/recorded-step.md), and what keeps results and memory whole while TensorFlow runs. Source files of our own, and
 * insertions into the package's at places that must be there exactly once.
 */
import { createHash } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('addon/', import.meta.url));
const ADDED_FILES = ['recorded_functions.h', 'recorded_functions.cc', 'signals_held.h'] as const;

/** `replacement` stands for `anchor` in `file` of the package. */
interface Edit {
  readonly file: string;
  readonly anchor: string;
  readonly replacement: string;
}

function after(file: string, anchor: string, added: string): Edit {
  return { file, anchor, replacement: `${anchor}${added}` };
}

const EDITS: readonly Edit[] = [
  after('binding.gyp', "'binding/tfjs_backend.cc',", "\n      'binding/recorded_functions.cc',"),
  after(
    'binding/tfjs_backend.h',
    'napi_value GetNumOfTensors(napi_env env);',
    '\n\n  // recorded_functions.cc\n' +
      '  napi_value RegisterFunction(napi_env env, napi_value name_value,\n' +
      '                              napi_value graph_value, napi_value input_names,\n' +
      '                              napi_value output_names);\n' +
      '  napi_value RemoveFunction(napi_env env, napi_value name_value);',
  ),
  after(
    'binding/tfjs_backend.cc',
    '#include "napi_auto_ref.h"',
    '\n#include "recorded_functions.h"\n#include "signals_held.h"',
  ),
  // TensorFlow's own threads begin here and compute as well: they take no signals either.
  {
    file: 'binding/tfjs_backend.cc',
    anchor: '  tfe_context_ = TFE_NewContext(tfe_options, tf_status.status);\n',
    replacement:
      '  {\n    SignalsHeld here;\n' +
      '    tfe_context_ = TFE_NewContext(tfe_options, tf_status.status);\n  }\n',
  },
  // TensorFlow's configuration of a call is a message in bytes, which is no text.
  {
    file: 'binding/tfjs_backend.cc',
    anchor:
      '      std::string str_value;\n      nstatus = GetStringParam(env, js_value, str_value);\n      ENSURE_NAPI_OK(env, nstatus);\n',
    replacement:
      '      std::string str_value;\n      nstatus = GetTextOrBytes(env, js_value, str_value);\n      ENSURE_NAPI_OK(env, nstatus);\n',
  },
  // TensorFlow's own threads take the smallest numbers for zero. Where an operation runs on this one instead, it must
  // come out alike.
  {
    file: 'binding/tfjs_backend.cc',
    anchor: '  TFE_Execute(tfe_op.op, result_handles.data(), &size, tf_status.status);\n',
    replacement:
      '  {\n    DenormalsAreZero here;\n    SignalsHeld meanwhile;\n' +
      '    TFE_Execute(tfe_op.op, result_handles.data(), &size, tf_status.status);\n  }\n',
  },
  after('binding/tfjs_binding.cc', '#include <node_api.h>', '\n#include "recorded_functions.h"'),
  after(
    'binding/tfjs_binding.cc',
    'napi_property_descriptor exports_properties[] = {',
    '\n      {"registerFunction", nullptr, RegisterFunction, nullptr, nullptr, nullptr,\n       napi_default, nullptr},' +
      '\n      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr,\n       napi_default, nullptr},',
  ),
];

/** Names what is added, so that an addon that was built with something else is built again. */
export async function addonPatchDigest(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(EDITS));
  for (const name of ADDED_FILES) hash.update(await readFile(join(SOURCES, name)));
  return hash.digest('hex').slice(0, 12);
}

/**
 * Puts the additions into a copy of the package's source.
 * @throws Error when a place to insert at is not in the source exactly once, as in another version of the package.
 */
export async function patchAddonSource(folder: string): Promise<void> {
  for (const { file, anchor, replacement } of EDITS) {
    const path = join(folder, file);
    const text = await readFile(path, 'utf8');
    const found = text.split(anchor).length - 1;
    if (found !== 1) {
      throw new Error(
        `${file} of @tensorflow/tfjs-node-gpu has the line \`${anchor.trim().split('\n')[0]}\` ${found} times, where recorded steps ` +
          'are added to it, instead of once: the package is another version than package.json asks for (run `npm ci`), or ' +
          'runtime/provision/addon-patch.ts must follow it',
      );
    }
    await writeFile(
      path,
      text.replace(anchor, () => replacement),
    );
  }
  for (const name of ADDED_FILES) await copyFile(join(SOURCES, name), join(folder, 'binding', name));
}
