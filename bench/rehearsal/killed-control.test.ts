import { describe, expect, it } from 'vitest';
import { wentOnAt } from './killed-control.ts';

const killedMs = 1_700_000_000_000;
const kill = { pid: 41, killedMs };

/** An event so many ms after the kill. */
const at = (afterMs: number) => {
  const ms = killedMs + afterMs;
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 } as never;
};
const decided = (eventId: number, afterMs: number, pid: number) => ({
  eventId: eventId as never,
  eventTime: at(afterMs),
  workflowTaskCompletedEventAttributes: { identity: `echoloop 0.1.0 control store= tensors= ${pid}@host` },
});
const scheduled = (eventId: number, afterMs: number, by: number) => ({
  eventId: eventId as never,
  eventTime: at(afterMs),
  activityTaskScheduledEventAttributes: { workflowTaskCompletedEventId: by as never },
});

describe('a stage whose control worker was killed', () => {
  it('goes on with the first activity that another one asks for', () => {
    const before = [scheduled(11, -5, 10), decided(10, -5, 41)];
    const lastWords = [scheduled(13, 3, 12), decided(12, 3, 41)];
    const nothingNew = [decided(14, 4000, 57)];
    const goingOn = [scheduled(17, 4201, 15), scheduled(16, 4200, 15), decided(15, 4200, 57)];
    expect(wentOnAt(before, kill)).toBeUndefined();
    expect(wentOnAt([...lastWords, ...before], kill)).toBeUndefined();
    expect(wentOnAt([...nothingNew, ...lastWords, ...before], kill)).toBeUndefined();
    expect(wentOnAt([...goingOn, ...nothingNew, ...lastWords], kill)).toBe(killedMs + 4200);
  });

  it('goes on with its end when nothing else is left', () => {
    const end = {
      eventId: 21 as never,
      eventTime: at(3000),
      workflowExecutionCompletedEventAttributes: { workflowTaskCompletedEventId: 20 as never },
    };
    expect(wentOnAt([end, decided(20, 3000, 57)], kill)).toBe(killedMs + 3000);
  });
});
