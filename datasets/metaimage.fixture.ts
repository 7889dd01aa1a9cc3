/** MetaImage files with any header, for tests of what a reader must accept or refuse. */
export interface MetaImageFixture {
  readonly dims: readonly number[];
  readonly spacing: readonly number[];
  readonly type?: string;
  readonly more?: Readonly<Record<string, string>>;
  readonly dataFile?: string;
  readonly pixels: Uint8Array;
}

/** The header alone, for pixels in a file beside it. */
export function metaImageHeader(fixture: Omit<MetaImageFixture, 'pixels'>): Uint8Array {
  const { dims, spacing, type = 'MET_UCHAR', more = {}, dataFile = 'LOCAL' } = fixture;
  const lines = [
    'ObjectType = Image',
    `NDims = ${dims.length}`,
    ...Object.entries(more).map(([key, value]) => `${key} = ${value}`),
    `ElementSpacing = ${spacing.join(' ')}`,
    `DimSize = ${dims.join(' ')}`,
    `ElementType = ${type}`,
    `ElementDataFile = ${dataFile}`,
  ];
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

/** Header and pixels in one file. */
export function metaImageFixture(fixture: MetaImageFixture): Uint8Array {
  const header = metaImageHeader(fixture);
  const file = new Uint8Array(header.length + fixture.pixels.length);
  file.set(header);
  file.set(fixture.pixels, header.length);
  return file;
}
