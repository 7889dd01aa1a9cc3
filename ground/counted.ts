/** `1 video`, `2 videos`, `0 videos`: a count with its noun, for messages. @param plural where an s is not enough */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
