import { describe, expect, it } from 'vitest';
import { LinearShapesSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import { decodeSafetensors, encodeSafetensors } from '../networks/safetensors.ts';
import { fitLinearShapes } from './linear-shapes.ts';
import { placementOf } from './placement.ts';
import { decodeLinearShapes, encodeLinearShapes } from './shapes-checkpoint.ts';

const annotated = Array.from({ length: 6 }, (_, index) =>
  generatePhantom({ domain: 'source', seed: 5, index }),
).map(({ labels }) => labels);
const config = LinearShapesSchema.parse({ components: 6, side: 24 });
const fitted = () => fitLinearShapes(annotated, config, randomStream(1, 'shapes'));

describe('linear shapes', () => {
  it('have directions of length one at right angles, those with more variance first', () => {
    const { directions, variances, mean } = fitted();
    expect(variances).toHaveLength(6);
    expect([...variances].sort((a, b) => b - a)).toEqual([...variances]);
    const product = (a: number, b: number) => {
      let sum = 0;
      for (let i = 0; i < mean.length; i++) sum += directions[6 * i + a]! * directions[6 * i + b]!;
      return sum;
    };
    for (let a = 0; a < 6; a++)
      for (let b = 0; b <= a; b++) expect(product(a, b)).toBeCloseTo(Number(a === b), 4);
  });

  it('are the same for the same seed, and as stored', () => {
    const bytes = encodeLinearShapes(fitted());
    expect(encodeLinearShapes(fitted())).toEqual(bytes);
    expect(encodeLinearShapes(decodeLinearShapes(bytes))).toEqual(bytes);
  });

  it('put the base corners to the left and the right of the middle, below it', () => {
    const { corners } = fitted();
    const [leftAlong, leftAcross, rightAlong, rightAcross] = corners.subarray(24);
    expect(leftAlong).toBeGreaterThan(0.3);
    expect(rightAlong).toBeGreaterThan(0.3);
    expect(leftAcross).toBeLessThan(0);
    expect(rightAcross).toBeGreaterThan(0);
  });

  it('are refused for fewer frames than a model can be made of, in words that help', () => {
    const one = { ...config, framesPerVideo: 7 };
    expect(() => fitLinearShapes(annotated.slice(0, 1), one, randomStream(1, 'shapes'))).toThrow(
      /needs 8 annotated frames.*the source has 7/,
    );
  });

  it('are refused from files of another kind or with a part missing', () => {
    const bytes = encodeLinearShapes(fitted());
    const { arrays, metadata } = decodeSafetensors(bytes);
    const { corners, ...rest } = arrays;
    expect(corners).toBeDefined();
    expect(() => decodeLinearShapes(encodeSafetensors(rest, metadata))).toThrow(/lacks a part/);
    expect(() => decodeLinearShapes(encodeSafetensors(arrays, { kind: 'policy' }))).toThrow(/found "policy"/);
    expect(() => decodeLinearShapes(bytes.subarray(0, 400))).toThrow();
    const damaged = (name: string, value: number) => {
      const { shape, data } = arrays[name]!;
      return encodeSafetensors({ ...arrays, [name]: { shape, data: data.with(3, value) } }, metadata);
    };
    for (const bad of [damaged('mean', Number.NaN), damaged('corners', Infinity), damaged('variances', 0)])
      expect(() => decodeLinearShapes(bad)).toThrow(/not finite, or variances/);
    const none = { variances: { shape: [0], data: new Float32Array() } };
    const directions = { shape: [2, 24, 24, 0], data: new Float32Array() };
    const empty = { ...arrays, ...none, directions, corners: { shape: [1, 4], data: new Float32Array(4) } };
    expect(() => decodeLinearShapes(encodeSafetensors(empty, metadata))).toThrow(/lacks a part/);
  });
});

describe('placement', () => {
  it('follows the ventricle of most frames, in mm whatever the pixels are', () => {
    const video = annotated[0]!;
    const placement = placementOf(video)!;
    const broken = { ...video, labels: Uint8Array.from(video.labels) };
    broken.labels.fill(0, 0, 3 * video.rows * video.columns);
    const same = placementOf(broken)!;
    expect(Math.abs(same.centreMm[0] - placement.centreMm[0])).toBeLessThan(2);
    expect(Math.abs(same.unitMm - placement.unitMm)).toBeLessThan(3);
    const finer = placementOf({ ...video, spacingMm: [video.spacingMm[0] / 2, video.spacingMm[1] / 2] })!;
    expect(finer.unitMm).toBeCloseTo(placement.unitMm / 2, 6);
    expect(finer.angle).toBeCloseTo(placement.angle, 6);
    expect(placementOf({ ...video, labels: new Uint8Array(video.labels.length) })).toBeUndefined();
  });

  it('knows that an axis has no head: a ventricle that lies on its side does so in every frame', () => {
    // Ellipses that lean by three degrees to either side of the horizontal, frame by frame.
    const [frames, rows, columns] = [4, 60, 60];
    const labels = Uint8Array.from({ length: frames * rows * columns }, (_, i) => {
      const lean = ((Math.floor(i / (rows * columns)) % 2 === 0 ? 3 : -3) * Math.PI) / 180;
      const [down, across] = [(Math.floor(i / columns) % rows) - 29.5, (i % columns) - 29.5];
      const along = Math.cos(lean) * across + Math.sin(lean) * down;
      const beside = Math.cos(lean) * down - Math.sin(lean) * across;
      return Number(Math.hypot(along / 24, beside / 12) < 1);
    });
    const { angle } = placementOf({
      ...{ frames, rows, columns, labels },
      ...{ spacingMm: [1, 1], frameTimeMs: 40 },
    })!;
    expect(Math.abs(angle)).toBeGreaterThan((86 * Math.PI) / 180);
  });
});
