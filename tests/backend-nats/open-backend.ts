/** NATS backends for the tests of this folder, each a separate installation unless the test names one. */
import { openMemoryBackend } from '@llmteam/backend-embedded';
import { defaultSettings, type NatsBackend, type NatsSettings, openNatsBackend } from '@llmteam/backend-nats';
import type { Fact, Job, Json, Logger, NewEntry } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';
import { quietLogger } from '../support/quiet-logger.js';

export interface BackendOrder extends Partial<NatsSettings> {
  readonly url: string;
  readonly onJobsLost?: () => void;
  readonly patienceMs?: number;
  readonly log?: Logger;
}

const installations = { made: 0 };

export function newNamespace(): string {
  return `test_${++installations.made}`;
}

export function settingsOf({ url, onJobsLost, patienceMs, log, ...changes }: BackendOrder): NatsSettings {
  return { ...defaultSettings, servers: [url], namespace: newNamespace(), partitions: 1, ...changes };
}

export async function openBackend(order: BackendOrder): Promise<NatsBackend> {
  const clock = systemClock();
  const { index } = await openMemoryBackend({ clock });
  const { onJobsLost, patienceMs = 2_000, log = quietLogger } = order;
  const common = { settings: settingsOf(order), name: 'test', clock, log, index, patienceMs };
  return openNatsBackend(onJobsLost === undefined ? common : { ...common, onJobsLost });
}

export async function withBackend(order: BackendOrder, use: (backend: NatsBackend) => Promise<void>): Promise<void> {
  const backend = await openBackend(order);
  try {
    await use(backend);
  } finally {
    await backend.close();
  }
}

function fact(payload: Json): Fact {
  return { type: 'signal.received', at: 1_700_000_000_000, name: 'told', payload };
}

export function entry(messageId: string, payload: Json = messageId): NewEntry {
  return { message_id: messageId, fact: fact(payload) };
}

/** The first fact of a run. */
export function requested(input: Json = null): NewEntry {
  return {
    message_id: 'requested',
    fact: {
      type: 'run.requested',
      at: 1_700_000_000_000,
      segment_id: 's',
      definition: 'sha256:0',
      input,
      instance_id: 'i',
      correlation_id: null,
      trace_id: '0'.repeat(32),
      timeout_seconds: null,
      engine: '1.0.0',
    },
  };
}

export function job(id: number | string, changes: Partial<Job> = {}): Job {
  return {
    job_id: `run-1/step${id}#1`,
    run_id: 'run-1',
    tenant_id: 'acme',
    instance_id: 'i',
    segment_id: 's',
    step: `step${id}`,
    step_id: `step${id}`,
    scope: '',
    step_type: 'work',
    type_version: '1.0.0',
    attempt: 1,
    idempotency_key: `run-1/step${id}`,
    config: {},
    input: null,
    timeout_seconds: null,
    deadline_at: null,
    journal_start: false,
    trace_id: 't',
    ...changes,
  };
}

export const workQueue = 'work@1';
