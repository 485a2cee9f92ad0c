/** The questions about many machines, each beside what the raw loop does in the same run. */
import type { Row } from '../row.js';
import { gap_between_steps } from './rows/gap.js';
import { latency_under_load } from './rows/latency.js';
import { scaling } from './rows/scaling.js';
import { takeover } from './rows/takeover.js';
import { always_synced, throughput_on_nats } from './rows/throughput.js';
import { waiting } from './rows/waiting.js';

export const nats_questions: readonly (() => Promise<Row | readonly Row[]>)[] = [
  throughput_on_nats,
  always_synced,
  gap_between_steps,
  latency_under_load,
  scaling,
  takeover,
  waiting,
];
