/** What an inspection means to the operator: the state of the server and its streams, and the guarantees they allow. */
import type { BackendFinding, BackendInspection } from '@llmteam/contracts';
import type { NatsInspection } from './inspection.js';
import type { NatsSettings } from './settings.js';

export function findingsOf(inspection: NatsInspection, settings: NatsSettings): BackendInspection {
  const { streams, clockOffsetMs, hasJetstream } = inspection;
  const isInstalled = streams.length > 0 && streams.every(({ exists, faults }) => exists && faults.length === 0);
  const reached = ok('server', `reached ${inspection.server}`);
  if (!hasJetstream) {
    const findings = [reached, problem('jetstream', inspection.problems.join('; '))];
    return { findings, isInstalled, clockOffsetMs };
  }
  const findings = [
    reached,
    ...ofVersion(inspection),
    ok('jetstream', 'enabled'),
    ...ofStreams(inspection),
    ...ofDurability(inspection, settings),
  ];
  return { findings, isInstalled, clockOffsetMs };
}

function ok(name: string, message: string): BackendFinding {
  return { name, state: 'ok', message };
}

function warning(name: string, message: string): BackendFinding {
  return { name, state: 'warning', message };
}

function problem(name: string, message: string): BackendFinding {
  return { name, state: 'problem', message };
}

/** `1 stream`, `4 streams` */
function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** Also reports all other problems of the server itself. */
function ofVersion({ version, problems, streams, hasAtomicBatches }: NatsInspection): BackendFinding[] {
  const ofAStream = streams.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
  const own = problems.filter((one) => !ofAStream.includes(one));
  if (own.length > 0) return own.map((one) => problem('server', one));
  const more = hasAtomicBatches ? '' : '; from 2.12 on, multiple entries are synced to disk as one batch';
  return [ok('version', `nats-server ${version}${more}`)];
}

function ofStreams({ streams }: NatsInspection): BackendFinding[] {
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
  const findings = [ok('streams', `${counted(found.length, 'stream')} as configured: ${size}`), ...faulty];
  if (missing.length === 0) return findings;
  return [
    ...findings,
    warning('streams', `${missing.join(', ')} is missing; a coordinator or worker will recreate it`),
  ];
}

/** The guarantee each setting gives. */
function ofDurability({ hasAtomicBatches }: NatsInspection, settings: NatsSettings): BackendFinding[] {
  const { replicas, jobsStorage, dedupeWindowMs, atomicBatches } = settings;
  const batches = hasAtomicBatches && atomicBatches;
  const window = dedupeWindowMs / 1_000;
  return [
    replicas === 1 ? singleCopy() : copies(replicas),
    ok('durability of jobs', describeJobs(jobsStorage)),
    ok('repeats', `an entry resent within ${window} s is stored once; a later duplicate is stored but ignored`),
    ...(batches ? [ok('batches', 'entries that are ready together are synced to disk as one')] : []),
  ];
}

function singleCopy(): BackendFinding {
  const kept = 'one copy on disk: acknowledged entries survive a crash of the server';
  const unless =
    'a power failure loses what was not yet synced, up to two minutes, unless the server has `sync_interval: always`';
  return warning('durability of the journal', `${kept}; ${unless}, which cannot be checked remotely`);
}

function copies(replicas: number): BackendFinding {
  const lost = (replicas - 1) / 2;
  const kept = `${replicas} copies: acknowledged entries survive the loss of ${counted(lost, 'server')}`;
  return ok(
    'durability of the journal',
    `${kept}; they survive a power failure of all servers only with \`sync_interval: always\``,
  );
}

function describeJobs(storage: NatsSettings['jobsStorage']): string {
  if (storage === 'file') return 'on disk: queued jobs survive a server restart';
  return 'in memory: jobs lost by a server restart are recreated from the journal; a step may start twice';
}
