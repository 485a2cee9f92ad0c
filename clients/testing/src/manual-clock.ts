import type { Clock } from '@llmteam/contracts';

/** A clock that stands still until it is advanced. */
export interface ManualClock extends Clock {
  /** Timers that have neither fired nor been cancelled. */
  readonly pending: number;
  /**
   * Advances time by `ms`. Timers fire in order of due time, then of creation, each at its own time and each followed by a
   * turn of the event loop, so that what they trigger settles before the next one fires.
   */
  advance(ms: number): Promise<void>;
}

interface Alarm {
  readonly due: number;
  readonly callback: () => void;
}

/** Starts at `startMs` (epoch milliseconds). */
export function manualClock(startMs = 0): ManualClock {
  const alarms = new Set<Alarm>();
  let now = startMs;

  const nextDue = (limit: number): Alarm | undefined => {
    let first: Alarm | undefined;
    for (const alarm of alarms) {
      if (alarm.due <= limit && (first === undefined || alarm.due < first.due)) first = alarm;
    }
    return first;
  };

  return {
    now: () => now,
    get pending() {
      return alarms.size;
    },
    after(delayMs, callback) {
      const alarm = { due: now + Math.ceil(Math.max(0, delayMs)), callback };
      alarms.add(alarm);
      return { cancel: () => void alarms.delete(alarm) };
    },
    async advance(ms) {
      const target = now + ms;
      for (let alarm = nextDue(target); alarm !== undefined; alarm = nextDue(target)) {
        alarms.delete(alarm);
        now = Math.max(now, alarm.due);
        alarm.callback();
        await eventLoopTurn();
      }
      now = Math.max(now, target);
      await eventLoopTurn();
    },
  };
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
