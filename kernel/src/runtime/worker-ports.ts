import type { Blobs, Clock, JobQueue, Journal, Logger, Registry, Signals } from '@llmteam/contracts';
import type { ExpressionCompiler } from '../engine/expression.js';
import type { Resources } from './resources.js';

/** What a worker needs of its process. */
export interface WorkerPorts {
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly signals: Signals;
  readonly registry: Registry;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Logger;
  readonly resources: Resources;
  readonly compiler: ExpressionCompiler;
}
