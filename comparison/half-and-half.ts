/** Two sources of windows as one, of which every second draw is of the first, however many videos each has. */
import type { LabelledWindowSource } from '../method/windows/training-windows.ts';

/** Every video of a source is as likely as another of it. Without videos in one of them, it is the other alone. */
export function halfAndHalf(first: LabelledWindowSource, second: LabelledWindowSource): LabelledWindowSource {
  if (first.count === 0) return second;
  if (second.count === 0) return first;
  // Even places are of the first, odd ones of the second; each video has as many places as its neighbours.
  const placeOf = (index: number) => {
    const source = index % 2 === 0 ? first : second;
    return { source, index: Math.floor(index / 2) % source.count };
  };
  const of =
    <Result>(read: (source: LabelledWindowSource, index: number) => Result) =>
    (index: number) => {
      const place = placeOf(index);
      return read(place.source, place.index);
    };
  return {
    count: 2 * first.count * second.count,
    frames: of((source, index) => source.frames(index)),
    rows: of((source, index) => source.rows(index)),
    columns: of((source, index) => source.columns(index)),
    annotatedFrames: of((source, index) => source.annotatedFrames(index)),
    fetch: async (places, frames) => {
      for (const wanted of [first, second]) {
        const own = places.flatMap(({ video, startFrame }) => {
          const { source, index } = placeOf(video);
          return source === wanted ? [{ video: index, startFrame }] : [];
        });
        await wanted.fetch?.(own, frames);
      }
    },
    window: (index, startFrame, frames) => {
      const place = placeOf(index);
      return place.source.window(place.index, startFrame, frames);
    },
    labels: (index, startFrame, frames) => {
      const place = placeOf(index);
      return place.source.labels(place.index, startFrame, frames);
    },
  };
}
