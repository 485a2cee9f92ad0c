/** What must equal the reference once a staged run is over. */
import type { Entry, HumanTask } from '@llmteam/contracts';
import { isEnded, resultOf, viewRun } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import type { SimulatedRun, Simulation } from '../simulation/simulation.js';
import type { Expected } from './fact-gate.js';
import { type Played, tenantId } from './stage.js';

export async function isSameAsReference(played: Played): Promise<void> {
  for (const run of played.reference.runs.values()) {
    await sameHistory(played, run);
    await sameEvents(played, run);
    await sameLists(played, run);
  }
  await everyOwnerDidItsPart(played);
  await sameJobs(played);
  await sameLiveRuns(played);
}

async function sameHistory({ journal, expected }: Played, { key, run }: SimulatedRun): Promise<void> {
  const entries: Entry[] = [];
  for await (const entry of journal.read(key)) entries.push(entry);
  const facts = expected.filter(({ run_id }) => run_id === key.run_id).flatMap((one) => one.facts);
  assert.equal(
    entries.map(({ fact }) => fact),
    facts,
  );
  assert.is(new Set(entries.map(({ message_id }) => message_id)).size, entries.length, 'message ids are unique');
  const ends = entries.filter(({ fact }) => fact.type === 'run.ended').length;
  assert.is(ends, run.state.is_recorded ? 1 : 0, `ends of run '${key.run_id}'`);
}

/** Every fact that coordinators append was appended by each owner of the partition: none left it to the other. */
async function everyOwnerDidItsPart({
  reference,
  expected,
  gate,
  coordinators,
  site,
  progress,
}: Played): Promise<void> {
  for (const one of expected) {
    const decider = deciderOf(one, reference);
    if (decider === null) continue;
    const partition = site.client.journal.partitionOf({ tenant_id: tenantId, run_id: decider });
    const owners = text(coordinators.filter((other) => other.owns(partition)).map(({ name }) => name));
    const appendedBy = (): string => text(gate.appendedBy(one));
    await progress.until(
      () => appendedBy() === owners,
      () => `'${one.message_id}' of run '${one.run_id}' came from ${appendedBy()}, expected ${owners}`,
    );
  }
}

/** The run whose state caused an append; null if a client or a worker appended it. */
function deciderOf({ run_id, message_id }: Expected, { runs }: Simulation): string | null {
  const [kind = '', id = ''] = message_id.split(/:(.*)/s);
  if (kind === 'timer' || kind === 'ended') return run_id;
  if (kind === 'child') return runs.has(id) ? id : run_id;
  const { parent } = runs.get(run_id)?.run.state.request ?? {};
  if (kind === 'parent' || kind === 'requested') return parent?.run_id ?? null;
  return null;
}

/** Events replayed from the histories, and as derived live by every loop that drove the run. */
async function sameEvents(played: Played, { key, run, events }: SimulatedRun): Promise<void> {
  const { client, site, coordinators } = played;
  assert.is(text(await client.events(key)), text(events), `events of run '${key.run_id}'`);
  assert.is(text(await client.show(key)), text(viewRun(run)), `run '${key.run_id}'`);
  const partition = site.client.journal.partitionOf(key);
  const results = isEnded(run.state) ? [resultOf(run)] : [];
  for (const coordinator of coordinators.filter((one) => one.owns(partition))) {
    const { name } = coordinator;
    assert.is(text(coordinator.events.get(key.run_id) ?? []), text(events), `events of run '${key.run_id}' at ${name}`);
    assert.is(text(coordinator.results.get(key.run_id)), text(results), `result of run '${key.run_id}' at ${name}`);
  }
}

async function sameLists(played: Played, { key, run, tasks }: SimulatedRun): Promise<void> {
  const { site, progress } = played;
  const partition = site.client.journal.partitionOf(key);
  const wanted = text([...tasks.values()].map(asListed).sort());
  for (const { backend, partitions } of site.coordinators) {
    if (!partitions.includes(partition)) continue;
    const seen = { status: '', tasks: '' };
    const look = async (): Promise<void> => {
      seen.status = (await backend.index.run(tenantId, key.run_id))?.status ?? 'not listed';
      const { rows } = await backend.index.tasks({ tenant_id: tenantId, run_id: key.run_id, limit: 1_000 });
      seen.tasks = text(rows.map(asListed).sort());
    };
    await look();
    const isSo = (): boolean => {
      if (seen.status === run.state.status && seen.tasks === wanted) return true;
      void look();
      return false;
    };
    await progress.until(isSo, () => `lists of run '${key.run_id}': ${text(seen)}, expected ${wanted}`);
  }
}

function asListed(task: HumanTask): string {
  return text(task);
}

/** Every job was reported unless its worker is silent, and every cancelled job was cancelled at every worker. */
async function sameJobs({ reference, ledger, workers, progress }: Played): Promise<void> {
  const answered = new Set(reference.appended.map(({ message_id }) => message_id));
  const jobs = reference.appended.flatMap((one) => one.jobs.map(({ job_id }) => job_id));
  const silent = jobs.filter((jobId) => !answered.has(`report:${jobId}:1`)).sort();
  await progress.until(
    () => text(ledger.silent) === text(silent),
    () => `jobs without an answer: ${ledger.silent.join(', ') || 'none'}, expected ${silent.join(', ') || 'none'}`,
  );
  const cancelled = text([...reference.runs.values()].flatMap((run) => run.cancelled_jobs).sort());
  const told = (): string[] => workers.map((worker) => text([...worker.cancelled].sort()));
  await progress.until(
    () => told().every((one) => one === cancelled),
    () => `jobs that workers were told to stop: ${told().join(' and ')}, expected ${cancelled}`,
  );
}

async function sameLiveRuns({ reference, site, coordinators, progress }: Played): Promise<void> {
  const live = [...reference.runs.values()].filter(({ run }) => !run.state.is_recorded).map(({ key }) => key);
  for (const coordinator of coordinators) {
    const own = live.filter((key) => coordinator.owns(site.client.journal.partitionOf(key))).length;
    await progress.until(
      () => coordinator.liveRuns() === own,
      () => `${coordinator.name} has ${coordinator.liveRuns()} live runs, expected ${own}`,
    );
  }
}

function text(value: unknown): string {
  return JSON.stringify(value);
}
