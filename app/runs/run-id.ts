/** `<name>-20260131-235959`, in UTC: readable, sortable, and a legal run name. */
export function newRunId(name: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${name.slice(0, 80)}-${stamp}`;
}
