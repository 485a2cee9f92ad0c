/**
 * Purpose: starts and forks runs on behalf of a tenant.
 * Owns: idempotency keys. The run's id is derived from tenant and key, and a digest of the request is stored in the run's first entry, so a
 * key holds in every gateway and across crashes for as long as the run is kept. The key of a run that somebody deleted is not accepted again
 * while other processes still hear of the deletion: they would not list the new run.
 */
import { createHash } from 'node:crypto';
import type { ForkRunBody, Json, Problem, RunAccepted, RunKey, StartRunBody } from '@llmteam/contracts';
import { LlmteamError } from '@llmteam/contracts';
import {
  type Definitions,
  type RequestingSpan,
  type RunRemoval,
  type RunService,
  type SegmentStore,
  validateInput,
} from '@llmteam/kernel';
import { requestInvalid } from '../errors/request-invalid.js';
import type { TenantLimits } from '../limits/tenant-limits.js';
import { acceptedRun } from './accepted-run.js';

export interface RunStartsDeps {
  readonly runs: RunService;
  readonly removal: Pick<RunRemoval, 'wasRemoved'>;
  readonly segments: SegmentStore;
  readonly definitions: Definitions;
  readonly tenants: TenantLimits;
  readonly newId: () => string;
}

interface NamedRun extends RunKey {
  readonly request_digest?: string;
}

/** What a request says besides its body. */
export interface RequestedBy {
  /** The idempotency key. */
  readonly key?: string | undefined;
  readonly span?: RequestingSpan | undefined;
}

/** A run that was started, now or by an earlier request with the same idempotency key. */
export interface NamedStart {
  readonly run: RunAccepted;
  readonly isReplayed: boolean;
}

export class RunStarts {
  constructor(private readonly deps: RunStartsDeps) {}

  /** @throws LlmteamError `SEGMENT_UNKNOWN`, `INPUT_INVALID`, `IDEMPOTENCY_CONFLICT`, `RATE_LIMITED` */
  async start(
    tenantId: string,
    segmentId: string,
    { idempotency_key: _, ...body }: StartRunBody,
    { key, span }: RequestedBy,
  ): Promise<NamedStart> {
    const { tenants, segments, definitions, runs } = this.deps;
    const named = this.nameRun(tenantId, key, ['start', segmentId, body as Json]);
    const known = await this.knownRun(named);
    if (known !== null) return { run: known, isReplayed: true };
    const run = await tenants.admitStart<RunAccepted>(tenantId, async () => {
      const { definition } = await segments.find(tenantId, segmentId);
      const { segment } = await definitions.plan(definition);
      // Null is an input like any other.
      const input = body.input_data === undefined ? {} : body.input_data;
      checkInput(validateInput(segment, input));
      const started = await runs.start({
        ...named,
        definition,
        input,
        ...(body.timeout !== undefined && { timeout_seconds: body.timeout }),
        ...(body.instance_id !== undefined && { instance_id: body.instance_id }),
        ...(body.correlation_id !== undefined && { correlation_id: body.correlation_id }),
        ...(body.metadata !== undefined && { metadata: body.metadata }),
        ...(span !== undefined && { span }),
      });
      const startedAt = new Date(started.started_at).toISOString();
      return { run_id: started.run_id, segment_id: segmentId, status: 'pending', started_at: startedAt };
    });
    return { run, isReplayed: false };
  }

  /** @throws LlmteamError `RUN_UNKNOWN`, `STEP_UNKNOWN`, `IDEMPOTENCY_CONFLICT`, `RATE_LIMITED` */
  async fork(run: RunKey, body: ForkRunBody, { key, span }: RequestedBy): Promise<NamedStart> {
    const { tenants, runs } = this.deps;
    const named = this.nameRun(run.tenant_id, key, ['fork', run.run_id, body as Json]);
    const known = await this.knownRun(named);
    if (known !== null) return { run: known, isReplayed: true };
    const { tenant_id: _, ...names } = named;
    const forked = await tenants.admitStart(run.tenant_id, async () => {
      return acceptedRun(runs, await runs.fork(run, { ...body, ...names, ...(span !== undefined && { span }) }));
    });
    return { run: forked, isReplayed: false };
  }

  private nameRun(tenantId: string, key: string | undefined, request: Json): NamedRun {
    if (key === undefined) return { tenant_id: tenantId, run_id: this.deps.newId() };
    const runId = `key-${sha256(JSON.stringify([tenantId, key])).slice(0, 40)}`;
    return { tenant_id: tenantId, run_id: runId, request_digest: sha256(canonical(request)) };
  }

  private async knownRun({ request_digest, ...run }: NamedRun): Promise<RunAccepted | null> {
    if (request_digest === undefined) return null;
    const first = await this.deps.runs.request(run);
    if (first === null) return this.checkUnused(run);
    if (first.request_digest === request_digest) return acceptedRun(this.deps.runs, run);
    throw new LlmteamError('IDEMPOTENCY_CONFLICT', 'the idempotency key was used before with another request');
  }

  private async checkUnused(run: RunKey): Promise<null> {
    if (!(await this.deps.removal.wasRemoved(run))) return null;
    throw new LlmteamError('IDEMPOTENCY_CONFLICT', 'the idempotency key was used before; its run was deleted');
  }
}

function checkInput(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw requestInvalid(
    problems.map((problem) => ({ in: 'body', ...problem, path: `/input_data${problem.path}` })),
    'INPUT_INVALID',
  );
}

/** JSON with sorted keys, so that requests with the same meaning have the same digest. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    const entries = Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(entries);
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
