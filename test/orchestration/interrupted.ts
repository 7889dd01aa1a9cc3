/** Activities that are interrupted again and again, as by cancellations and crashes. */
import type { ActivityContext } from '../../activities/context.ts';
import type { TinyWorld } from './tiny-run.ts';

export type Activity<Input, Output> = (input: Input, context: ActivityContext) => Promise<Output>;
/** @param beats heartbeats after which a call is interrupted, where calls are */
export type Call = <Input, Output>(
  activity: Activity<Input, Output>,
  input: Input,
  beats: number,
) => Promise<Output>;

/**
 * Calls an activity until it ends. The first four calls are ended after a few heartbeats: by turns as a cancellation,
 * which leaves a checkpoint, and as a crash, which leaves none.
 */
export function interrupted(world: TinyWorld): { call: Call; interruptions: () => number } {
  let interruptions = 0;
  const call: Call = async (activity, input, most) => {
    for (let attempt = 0; ; attempt++) {
      const controller = new AbortController();
      const stop = new Error('interrupted');
      let beats = 0;
      const context: ActivityContext = {
        ...world.context(controller.signal),
        heartbeat: ({ preparing }) => {
          if (preparing) return;
          if (++beats < most || attempt >= 4) return;
          if (attempt % 2 === 0) controller.abort(stop);
          else throw stop;
        },
      };
      try {
        return await activity(input, context);
      } catch (error) {
        if (error !== stop) throw error;
        interruptions++;
      }
    }
  };
  return { call, interruptions: () => interruptions };
}
