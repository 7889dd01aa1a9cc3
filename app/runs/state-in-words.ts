/** Temporal's word for how a workflow stands, as people read it: `timed out`. */
export function stateInWords(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ');
}
