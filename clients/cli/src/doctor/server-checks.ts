/** Checks of the NATS server and its streams, and the durability guarantees they allow. */
import type { NatsInspection, ServiceConfig } from '@llmteam/service-host';
import { type Check, counted, ok, problem, warning } from './check.js';

/** Leases and timeouts compare the clocks of several machines. */
const noticeableMs = 250;

export function checkServer(inspection: NatsInspection, config: ServiceConfig): Check[] {
  const reached = ok('server', `reached ${inspection.server}`);
  if (!inspection.hasJetstream) return [reached, problem('jetstream', inspection.problems.join('; '))];
  return [
    reached,
    ...checkVersion(inspection),
    ok('jetstream', 'enabled'),
    ...checkStreams(inspection),
    ...durability(inspection, config),
    ...checkClock(inspection.clockOffsetMs, config),
  ];
}

/** Also reports all other problems of the server itself. */
function checkVersion({ version, problems, streams, hasAtomicBatches }: NatsInspection): Check[] {
  const ofStreams = streams.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
  const own = problems.filter((one) => !ofStreams.includes(one));
  if (own.length > 0) return own.map((one) => problem('server', one));
  const more = hasAtomicBatches ? '' : '; from 2.12 on, multiple entries are synced to disk as one batch';
  return [ok('version', `nats-server ${version}${more}`)];
}

function checkStreams({ streams }: NatsInspection): Check[] {
  if (streams.length === 0) return [];
  const faulty = streams.flatMap(({ name, faults }) => faults.map((fault) => problem('streams', `${name}: ${fault}`)));
  const sound = streams.filter(({ faults }) => faults.length === 0);
  const found = sound.filter(({ exists }) => exists);
  const missing = sound.filter(({ exists }) => !exists).map(({ name }) => name);
  if (found.length + faulty.length === 0) {
    return [warning('streams', 'none yet; the first coordinator or worker creates them')];
  }
  const bytes = found.reduce((sum, stream) => sum + stream.bytes, 0);
  const messages = found.reduce((sum, stream) => sum + stream.messages, 0);
  const size = `${counted(messages, 'message')}, ${(bytes / 1e6).toFixed(1)} MB`;
  const checks = [ok('streams', `${counted(found.length, 'stream')} as configured: ${size}`), ...faulty];
  if (missing.length === 0) return checks;
  return [...checks, warning('streams', `${missing.join(', ')} is missing; a coordinator or worker will recreate it`)];
}

/** The guarantee each setting gives. */
function durability({ hasAtomicBatches }: NatsInspection, { file: { nats } }: ServiceConfig): Check[] {
  const { replicas, jobs_storage, dedupe_window_seconds, atomic_batches } = nats;
  const batches = hasAtomicBatches && atomic_batches;
  return [
    replicas === 1 ? singleCopy() : copies(replicas),
    ok('durability of jobs', describeJobs(jobs_storage)),
    ok(
      'repeats',
      `an entry resent within ${dedupe_window_seconds} s is stored once; a later duplicate is stored but ignored`,
    ),
    ...(batches ? [ok('batches', 'entries that are ready together are synced to disk as one')] : []),
  ];
}

function singleCopy(): Check {
  const kept = 'one copy on disk: acknowledged entries survive a crash of the server';
  const unless =
    'a power failure loses what was not yet synced, up to two minutes, unless the server has `sync_interval: always`';
  return warning('durability of the journal', `${kept}; ${unless}, which cannot be checked remotely`);
}

function copies(replicas: number): Check {
  const lost = (replicas - 1) / 2;
  const kept = `${replicas} copies: acknowledged entries survive the loss of ${counted(lost, 'server')}`;
  return ok(
    'durability of the journal',
    `${kept}; they survive a power failure of all servers only with \`sync_interval: always\``,
  );
}

function describeJobs(storage: 'memory' | 'file'): string {
  if (storage === 'file') return 'on disk: queued jobs survive a server restart';
  return 'in memory: jobs lost by a server restart are recreated from the journal; a step may start twice';
}

function checkClock(offsetMs: number | null, { file: { coordinator } }: ServiceConfig): Check[] {
  if (offsetMs === null) return [];
  const off = Math.abs(offsetMs);
  const direction = offsetMs > 0 ? 'ahead of' : 'behind';
  const text = `the server's clock is ${off} ms ${direction} ours`;
  if (off >= coordinator.lease_seconds * 300) return [problem('clock', `${text}, more than leases tolerate`)];
  return [off >= noticeableMs ? warning('clock', text) : ok('clock', `within ${noticeableMs} ms of the server's`)];
}
