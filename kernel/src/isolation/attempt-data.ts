import {
  type HttpClientConfig,
  type Json,
  type PermissionKind,
  permissionKinds,
  toErrorInfo,
} from '@llmteam/contracts';
import type { StepExecution } from '../runtime/step-execution.js';
import type { AttemptData, Outcome } from './isolate-messages.js';

/** All that an isolate needs to know for one attempt, and nothing that its plugin may not use. */
export function attemptData(execution: StepExecution): AttemptData {
  const { job, config, entry } = execution;
  const usable = (kind: Exclude<PermissionKind, 'network'>) => execution.usable(kind);
  return {
    facts: {
      tenant_id: job.tenant_id,
      instance_id: job.instance_id,
      run_id: job.run_id,
      segment_id: job.segment_id,
      step_id: job.step_id,
      scope: job.scope,
      attempt: job.attempt,
      idempotency_key: job.idempotency_key,
      ports: execution.arrived.ports,
      deadline: job.deadline_at,
      timeout_seconds: job.timeout_seconds,
    },
    config,
    input: execution.arrived.input,
    evaluated: named(execution.evaluable(), (pointer): Json => execution.evaluate(pointer)),
    secrets: named(usable(permissionKinds.secrets), (ref) => execution.secret(ref)),
    clients: named(usable(permissionKinds.clients), (ref): HttpClientConfig => execution.client(ref)),
    stores: usable(permissionKinds.stores),
    llms: Object.fromEntries(usable(permissionKinds.llm).map((ref) => [ref, execution.modelNames(ref)])),
    plugin: entry.plugin,
    declared: entry.metadata.permissions,
    granted: entry.standing.grant,
  };
}

/** Asking for each may fail, for example because a variable of the environment is not set; that is told to whoever uses it. */
function named<T>(names: readonly string[], read: (name: string) => T): Record<string, Outcome<T>> {
  return Object.fromEntries(
    names.map((name): [string, Outcome<T>] => {
      try {
        return [name, { value: read(name) }];
      } catch (thrown) {
        return [name, { error: toErrorInfo(thrown) }];
      }
    }),
  );
}
