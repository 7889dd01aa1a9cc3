/**
 * The videos of a training as what it draws its windows from: a window is read when it is drawn, from memory, from the
 * cache of the machine or from the store.
 */
import type { LabelledWindowSource, WindowPlace } from '../../method/windows/training-windows.ts';
import { ChunksAtHand } from '../../storage/chunks-at-hand.ts';
import { memoryBudgets } from '../../temporal.config.ts';
import { type FrameRange, fetchFrames, floatsOf, type PreparedFrames } from './mended-frames.ts';

export interface TrainingVideo {
  readonly image: PreparedFrames;
  /** On the grid of the image. */
  readonly labels?: PreparedFrames | undefined;
}

export class TrainingVideos implements LabelledWindowSource {
  readonly #videos: readonly TrainingVideo[];
  readonly #hand: ChunksAtHand;

  constructor(videos: readonly TrainingVideo[], memoryBytes: number = memoryBudgets.windowBytes) {
    this.#videos = videos;
    this.#hand = new ChunksAtHand(memoryBytes);
  }

  /** What of the windows is in memory now. */
  get heldBytes(): number {
    return this.#hand.bytes;
  }

  get count(): number {
    return this.#videos.length;
  }

  frames(index: number): number {
    return this.#videos[index]!.image.geometry.frames;
  }

  rows(index: number): number {
    return this.#videos[index]!.image.geometry.rows;
  }

  columns(index: number): number {
    return this.#videos[index]!.image.geometry.columns;
  }

  async fetch(places: readonly WindowPlace[], windowFrames: number): Promise<void> {
    const wanted = places.flatMap(({ video, startFrame }): FrameRange[] => {
      const { image, labels } = this.#videos[video]!;
      const frames = Math.min(windowFrames, this.frames(video));
      return [image, ...(labels ? [labels] : [])].map((from) => ({ from, startFrame, frames }));
    });
    await fetchFrames(this.#hand, wanted);
  }

  window(index: number, startFrame: number, frames: number): Float32Array {
    return floatsOf(this.#videos[index]!.image.take(this.#hand, startFrame, frames));
  }

  labels(index: number, startFrame: number, frames: number): Uint8Array {
    return this.#labelsOf(index).take(this.#hand, startFrame, frames);
  }

  annotatedFrames(index: number): readonly number[] | undefined {
    return this.#labelsOf(index).annotatedFrames;
  }

  #labelsOf(index: number): PreparedFrames {
    const { labels } = this.#videos[index]!;
    if (!labels) throw new Error(`Video ${index} of this training was prepared without labels.`);
    return labels;
  }
}
