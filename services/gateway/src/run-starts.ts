/**
 * Purpose: starting and forking runs on behalf of a tenant.
 * Owns: idempotency keys. A key names the run itself: its id is derived from tenant and key, and the digest of what was asked is kept in the
 * run's first entry. So it holds in every gateway, through every crash, for as long as the run is kept.
 */
import { createHash } from 'node:crypto';
import type { ForkRunBody, Json, Problem, RunAccepted, RunKey, StartRunBody } from '@llmteam/contracts';
import { LlmteamError } from '@llmteam/contracts';
import { validateInput } from '@llmteam/kernel';
import { requestInvalid, wrong } from './http/problem.js';
import type { Services } from './services.js';

type Parts = Pick<Services, 'runs' | 'segments' | 'definitions' | 'tenants' | 'newId'>;

/** The key of header and body, which must be one. @throws LlmteamError `REQUEST_INVALID` */
export function idempotencyKey(header: string | undefined, body: string | undefined): string | undefined {
  if (header !== undefined && body !== undefined && header !== body) {
    throw wrong('body', '/idempotency_key', 'SCHEMA_VIOLATION', "is another one than in the header 'Idempotency-Key'");
  }
  return header ?? body;
}

/** @throws LlmteamError `SEGMENT_UNKNOWN`, `INPUT_INVALID`, `IDEMPOTENCY_CONFLICT`, `RATE_LIMITED` */
export async function startRun(
  tenantId: string,
  segmentId: string,
  { idempotency_key: _, ...body }: StartRunBody,
  key: string | undefined,
  services: Parts,
): Promise<RunAccepted> {
  const named = nameRun(tenantId, key, ['start', segmentId, body as Json], services);
  const known = await knownRun(named, services);
  if (known !== null) return known;
  return services.tenants.admitStart(tenantId, async () => {
    const { definition } = await services.segments.find(tenantId, segmentId);
    const { segment } = await services.definitions.plan(definition);
    const input = body.input_data ?? {};
    checkInput(validateInput(segment, input));
    const started = await services.runs.start({
      ...named,
      definition,
      input,
      ...(body.timeout !== undefined && { timeout_seconds: body.timeout }),
      ...(body.instance_id !== undefined && { instance_id: body.instance_id }),
      ...(body.correlation_id !== undefined && { correlation_id: body.correlation_id }),
    });
    const startedAt = new Date(started.started_at).toISOString();
    return { run_id: started.run_id, segment_id: segmentId, status: 'pending', started_at: startedAt };
  });
}

/** @throws LlmteamError `RUN_UNKNOWN`, `STEP_UNKNOWN`, `IDEMPOTENCY_CONFLICT`, `RATE_LIMITED` */
export async function forkRun(
  run: RunKey,
  body: ForkRunBody,
  key: string | undefined,
  services: Parts,
): Promise<RunAccepted> {
  const named = nameRun(run.tenant_id, key, ['fork', run.run_id, body as Json], services);
  const known = await knownRun(named, services);
  if (known !== null) return known;
  const { tenant_id: _, ...names } = named;
  return services.tenants.admitStart(run.tenant_id, async () => {
    return accepted(await services.runs.fork(run, { ...body, ...names }), services);
  });
}

/** How a run stands, as an answer to who changed it. @throws LlmteamError `RUN_UNKNOWN` */
export async function accepted(run: RunKey, { runs }: Pick<Services, 'runs'>): Promise<RunAccepted> {
  const { run_id, segment_id, status, started_at } = await runs.show(run);
  return { run_id, segment_id, status, started_at };
}

interface NamedRun extends RunKey {
  readonly request_digest?: string;
}

function nameRun(tenantId: string, key: string | undefined, request: Json, { newId }: Parts): NamedRun {
  if (key === undefined) return { tenant_id: tenantId, run_id: newId() };
  const runId = `key-${sha256(JSON.stringify([tenantId, key])).slice(0, 40)}`;
  return { tenant_id: tenantId, run_id: runId, request_digest: sha256(canonical(request)) };
}

async function knownRun({ request_digest, ...run }: NamedRun, services: Parts): Promise<RunAccepted | null> {
  if (request_digest === undefined) return null;
  const first = await services.runs.request(run);
  if (first === null) return null;
  if (first.request_digest === request_digest) return accepted(run, services);
  throw new LlmteamError('IDEMPOTENCY_CONFLICT', 'the idempotency key was used before with another request');
}

function checkInput(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw requestInvalid(
    problems.map((problem) => ({ in: 'body', ...problem, path: `/input_data${problem.path}` })),
    'INPUT_INVALID',
  );
}

/** JSON with keys in order: two texts that mean the same give the same. */
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
