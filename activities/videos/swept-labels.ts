/**
 * What a sweep segmented, as labels beside the windows of its videos: read and unpacked when they are asked for, and
 * kept as far as a budget goes.
 */
import type { LabelVideo } from '../../imaging/image.ts';
import type {
  LabelledWindowSource,
  WindowPlace,
  WindowSource,
} from '../../method/windows/training-windows.ts';
import { memoryBudgets } from '../../temporal.config.ts';
import type { ActivityContext } from '../context.ts';
import { readPrediction, type Sweep } from './predictions.ts';

export interface SweptVideos {
  readonly sweep: Sweep;
  /** All of them segmented by the sweep. */
  readonly ids: readonly string[];
  /** Their windows, by the same indices. */
  readonly windows: WindowSource;
}

export class SweptLabels implements LabelledWindowSource {
  readonly #videos: SweptVideos;
  readonly #context: ActivityContext;
  readonly #budget: number;
  /** The least recently used first. */
  readonly #unpacked = new Map<number, LabelVideo>();
  #bytes = 0;

  constructor(videos: SweptVideos, context: ActivityContext, budget: number = memoryBudgets.sweptLabelBytes) {
    this.#videos = videos;
    this.#context = context;
    this.#budget = budget;
  }

  get count(): number {
    return this.#videos.windows.count;
  }

  frames(index: number): number {
    return this.#videos.windows.frames(index);
  }

  rows(index: number): number {
    return this.#videos.windows.rows(index);
  }

  columns(index: number): number {
    return this.#videos.windows.columns(index);
  }

  window(index: number, startFrame: number, frames: number): Float32Array {
    return this.#videos.windows.window(index, startFrame, frames);
  }

  /** The labels of these videos; not their windows. */
  async fetch(places: readonly WindowPlace[]): Promise<void> {
    const wanted = new Set(places.map(({ video }) => video));
    for (const index of wanted) {
      const present = this.#unpacked.get(index) ?? (await this.#read(index));
      if (this.#unpacked.delete(index)) this.#bytes -= present.labels.length;
      this.#unpacked.set(index, present);
      this.#bytes += present.labels.length;
    }
    for (const [index, { labels }] of this.#unpacked) {
      if (this.#bytes <= this.#budget || wanted.has(index)) break;
      this.#unpacked.delete(index);
      this.#bytes -= labels.length;
    }
  }

  labels(index: number, startFrame: number, frames: number): Uint8Array {
    const video = this.#unpacked.get(index);
    if (!video) throw new Error(`The labels of video ${index} were not fetched.`);
    const pixels = video.rows * video.columns;
    return video.labels.subarray(startFrame * pixels, (startFrame + frames) * pixels);
  }

  /** All of them: a sweep leaves no frame out. */
  annotatedFrames(): undefined {
    return undefined;
  }

  async #read(index: number): Promise<LabelVideo> {
    const { sweep, ids } = this.#videos;
    const swept = await readPrediction(sweep, ids[index]!, this.#context);
    if (!swept)
      throw new Error(`The sweep did not segment ${ids[index]}, which is trained on with its labels.`);
    return swept.labels;
  }
}
