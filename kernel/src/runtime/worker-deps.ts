import type { Blobs, Clock, JobQueue, Journal, KvStore, Logger, PubSub } from '@llmteam/contracts';
import type { ExpressionCompiler } from '../engine/expression.js';
import type { ModelCall } from './metered-model.js';
import type { Outbound } from './outbound.js';
import type { Resources } from './resources.js';

/** The ports and services a worker needs from its process. */
export interface WorkerDeps {
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly pubSub: PubSub;
  readonly kv: KvStore;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Logger;
  readonly resources: Resources;
  readonly outbound: Outbound;
  readonly compiler: ExpressionCompiler;
  /** Whether spans of model calls tell prompts and answers. Default: they do not. */
  readonly tracesContent?: boolean;
  /** Told of every call of a model. */
  readonly modelCalled?: (call: ModelCall) => void;
}
