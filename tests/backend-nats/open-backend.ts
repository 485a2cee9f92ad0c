/** NATS backends for the tests of this folder, each an installation of its own unless the test names one. */
import { open_memory_backend, system_clock } from '@llmteam/backend-embedded';
import { default_settings, type NatsBackend, type NatsSettings, open_nats_backend } from '@llmteam/backend-nats';
import type { Fact, Job, Json, Logger, NewEntry } from '@llmteam/contracts';
import { quiet_logger } from '../support/quiet-logger.js';

export interface BackendOrder extends Partial<NatsSettings> {
  readonly url: string;
  readonly on_jobs_lost?: () => void;
  readonly patience_ms?: number;
  readonly log?: Logger;
}

const installations = { made: 0 };

export function new_namespace(): string {
  return `test_${++installations.made}`;
}

export function settings_of({ url, on_jobs_lost, patience_ms, log, ...changes }: BackendOrder): NatsSettings {
  return { ...default_settings, servers: [url], namespace: new_namespace(), partitions: 1, ...changes };
}

export async function open_backend(order: BackendOrder): Promise<NatsBackend> {
  const clock = system_clock();
  const { index } = await open_memory_backend({ clock });
  const { on_jobs_lost, patience_ms = 2_000, log = quiet_logger } = order;
  const common = { settings: settings_of(order), name: 'test', clock, log, index, patience_ms };
  return open_nats_backend(on_jobs_lost === undefined ? common : { ...common, on_jobs_lost });
}

export async function with_backend(order: BackendOrder, use: (backend: NatsBackend) => Promise<void>): Promise<void> {
  const backend = await open_backend(order);
  try {
    await use(backend);
  } finally {
    await backend.close();
  }
}

function fact(payload: Json): Fact {
  return { type: 'signal.received', at: 1_700_000_000_000, name: 'told', payload };
}

export function entry(message_id: string, payload: Json = message_id): NewEntry {
  return { message_id, fact: fact(payload) };
}

/** What begins a run. */
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

export const work_queue = 'work@1';
