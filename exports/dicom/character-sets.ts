/** Text of a header in any of DICOM's character sets (PS3.3 C.12.1.1.2), as text. */

/** Names that TextDecoder knows, by the numbers of ISO's registry and the standard's own names. */
const decoders: ReadonlyMap<string, string> = new Map([
  ['6', 'latin1'],
  ['13', 'shift_jis'],
  ['58', 'gb18030'],
  ['87', 'iso-2022-jp'],
  ['100', 'latin1'],
  ['101', 'iso-8859-2'],
  ['109', 'iso-8859-3'],
  ['110', 'iso-8859-4'],
  ['126', 'iso-8859-7'],
  ['127', 'iso-8859-6'],
  ['138', 'iso-8859-8'],
  ['144', 'iso-8859-5'],
  ['148', 'iso-8859-9'],
  ['149', 'euc-kr'],
  ['159', 'iso-2022-jp'],
  ['166', 'windows-874'],
  ['192', 'utf-8'],
  ['203', 'iso-8859-15'],
  ['GB18030', 'gb18030'],
  ['GBK', 'gbk'],
]);

/** Codes that announce Korean or Chinese letters, which their encodings do not need. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are control characters
const announcements = /\x1b\$\)[AC]/g;

/**
 * @param characterSet the value of SpecificCharacterSet, several names separated by backslashes: the last one is what
 * the first cannot write. An unknown or missing one is read as Latin letters.
 */
export function decodeText(bytes: Uint8Array, characterSet: string): string {
  const name = characterSet.split('\\').at(-1)!.trim();
  const number = /^ISO(?:_| 2022 )IR (\d+)$/.exec(name)?.[1] ?? name;
  const decoder = new TextDecoder(decoders.get(number) ?? 'latin1');
  return decoder.decode(bytes).replaceAll('\0', '').replace(announcements, '').trim();
}
