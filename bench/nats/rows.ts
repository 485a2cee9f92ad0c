/** The benchmarks of an installation on NATS. */
import type { Row } from '../row.js';
import { gapBetweenSteps } from './rows/gap.js';
import { latencyUnderLoad } from './rows/latency.js';
import { scaling } from './rows/scaling.js';
import { storage } from './rows/storage.js';
import { takeover } from './rows/takeover.js';
import { alwaysSynced, throughputOnNats } from './rows/throughput.js';
import { waiting } from './rows/waiting.js';

export const natsQuestions: readonly (() => Promise<Row | readonly Row[]>)[] = [
  throughputOnNats,
  alwaysSynced,
  gapBetweenSteps,
  latencyUnderLoad,
  scaling,
  takeover,
  waiting,
  storage,
];
