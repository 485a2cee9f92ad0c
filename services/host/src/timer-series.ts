import type { Metrics } from './metrics.js';

const lateBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600];

/** Registers how late timers fire; returns what is to be told of each. */
export function timerSeries(metrics: Metrics): (lateMs: number) => void {
  const name = 'timer_lateness_seconds';
  const lateness = metrics.histogram({ name, help: 'From when a timer was due to when it fired.' }, lateBuckets);
  return (lateMs) => lateness.observe(Math.max(0, lateMs) / 1_000);
}
