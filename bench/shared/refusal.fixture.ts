import { vi } from 'vitest';

/** What a benchmark writes when it refuses its command line, and the exit code that it ends with. */
export function refusalOf(read: () => unknown): { readonly exitCode: unknown; readonly said: string } {
  let said = '';
  let exitCode: unknown;
  const ended = new Error('ended');
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    exitCode = code;
    throw ended;
  });
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
  try {
    read();
  } catch (error) {
    if (error !== ended) throw error;
  } finally {
    exit.mockRestore();
    write.mockRestore();
  }
  return { exitCode, said };
}
