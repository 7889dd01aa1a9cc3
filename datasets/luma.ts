/** Luma of ITU-R BT.601, the Y that scanners, JPEG and films use, as a whole number on the scale of the colours. */
export function lumaOf(red: number, green: number, blue: number): number {
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}
