/** What the server and its streams are like, and what can be promised on them. */
import type { NatsInspection, ServiceConfig } from '@llmteam/service-host';
import { type Check, counted, ok, problem, warning } from './check.js';

/** Leases and time-outs are judged by several clocks. */
const noticeableMs = 250;

export function checkServer(seen: NatsInspection, config: ServiceConfig): Check[] {
  const reached = ok('server', `reached ${seen.server}`);
  if (!seen.hasJetstream) return [reached, problem('jetstream', seen.problems.join('; '))];
  return [
    reached,
    ...checkVersion(seen),
    ok('jetstream', 'on'),
    ...checkStreams(seen),
    ...durability(seen, config),
    ...checkClock(seen.clockOffsetMs, config),
  ];
}

/** Also all else that is wrong with the server itself. */
function checkVersion({ version, problems, streams, hasAtomicBatches }: NatsInspection): Check[] {
  const ofStreams = streams.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
  const own = problems.filter((one) => !ofStreams.includes(one));
  if (own.length > 0) return own.map((one) => problem('server', one));
  const more = hasAtomicBatches ? '' : '; from 2.12 on, many entries are synced to disk as one';
  return [ok('version', `nats-server ${version}${more}`)];
}

function checkStreams({ streams }: NatsInspection): Check[] {
  if (streams.length === 0) return [];
  const faulty = streams.flatMap(({ name, faults }) => faults.map((fault) => problem('streams', `${name}: ${fault}`)));
  const sound = streams.filter(({ faults }) => faults.length === 0);
  const found = sound.filter(({ exists }) => exists);
  const missing = sound.filter(({ exists }) => !exists).map(({ name }) => name);
  if (found.length + faulty.length === 0) {
    return [warning('streams', 'none yet: the first coordinator or worker makes them')];
  }
  const bytes = found.reduce((sum, stream) => sum + stream.bytes, 0);
  const messages = found.reduce((sum, stream) => sum + stream.messages, 0);
  const size = `${counted(messages, 'message')}, ${(bytes / 1e6).toFixed(1)} MB`;
  const checks = [ok('streams', `${counted(found.length, 'stream')} as configured: ${size}`), ...faulty];
  if (missing.length === 0) return checks;
  return [...checks, warning('streams', `${missing.join(', ')} is missing; a coordinator or worker makes it anew`)];
}

/** Which promise each setting gives. */
function durability({ hasAtomicBatches }: NatsInspection, { file: { nats } }: ServiceConfig): Check[] {
  const { replicas, jobs_storage, dedupe_window_seconds, atomic_batches } = nats;
  const batches = hasAtomicBatches && atomic_batches;
  return [
    replicas === 1 ? singleCopy() : copies(replicas),
    ok('durability of jobs', jobsInWords(jobs_storage)),
    ok(
      'repeats',
      `an entry that is sent again within ${dedupe_window_seconds} s is stored once; a later repeat is stored and ignored`,
    ),
    ...(batches ? [ok('batches', 'what is ready together is synced to disk as one')] : []),
  ];
}

function singleCopy(): Check {
  const kept = 'one copy on disk: what was acknowledged survives a crash of the server';
  const unless =
    'a power cut takes what was not synced yet, up to two minutes, unless the server has `sync_interval: always`';
  return warning('durability of the journal', `${kept}; ${unless}, which cannot be seen from here`);
}

function copies(replicas: number): Check {
  const lost = (replicas - 1) / 2;
  const kept = `${replicas} copies: what was acknowledged survives the loss of ${counted(lost, 'server')}`;
  return ok(
    'durability of the journal',
    `${kept}; a power cut of all at once is survived with \`sync_interval: always\``,
  );
}

function jobsInWords(storage: 'memory' | 'file'): string {
  if (storage === 'file') return 'on disk: queued jobs outlive the server';
  return 'in memory: jobs that a restart of the server loses are made anew from the journal; a step may begin twice';
}

function checkClock(offsetMs: number | null, { file: { coordinator } }: ServiceConfig): Check[] {
  if (offsetMs === null) return [];
  const off = Math.abs(offsetMs);
  const direction = offsetMs > 0 ? 'ahead of' : 'behind';
  const words = `the server's clock is ${off} ms ${direction} ours`;
  if (off >= coordinator.lease_seconds * 300) return [problem('clock', `${words}, more than leases forgive`)];
  return [off >= noticeableMs ? warning('clock', words) : ok('clock', `within ${noticeableMs} ms of the server's`)];
}
