/** What must be as in the reference once a play is over. */
import type { Entry, HumanTask } from '@llmteam/contracts';
import { is_ended, result_of, view_run } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import type { SimulatedRun, Simulation } from '../simulation/simulation.js';
import type { Expected } from './fact-gate.js';
import { type Played, tenant_id } from './stage.js';

export async function is_same_as_reference(played: Played): Promise<void> {
  for (const run of played.reference.runs.values()) {
    await same_history(played, run);
    await same_events(played, run);
    await same_lists(played, run);
  }
  await every_owner_did_its_part(played);
  await same_jobs(played);
  await same_live_runs(played);
}

async function same_history({ journal, expected }: Played, { key, run }: SimulatedRun): Promise<void> {
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

/** Whatever a coordinator is there to append, each owner of the partition appended: none left it to the other. */
async function every_owner_did_its_part({
  reference,
  expected,
  gate,
  coordinators,
  site,
  progress,
}: Played): Promise<void> {
  for (const one of expected) {
    const decider = decider_of(one, reference);
    if (decider === null) continue;
    const partition = site.client.journal.partition_of({ tenant_id, run_id: decider });
    const owners = text(coordinators.filter((other) => other.owns(partition)).map(({ name }) => name));
    const appended_by = (): string => text(gate.appended_by(one));
    await progress.until(
      () => appended_by() === owners,
      () => `'${one.message_id}' of run '${one.run_id}' came from ${appended_by()}, expected ${owners}`,
    );
  }
}

/** The run whose state led to an append; null: a client or a worker appended it. */
function decider_of({ run_id, message_id }: Expected, { runs }: Simulation): string | null {
  const [kind = '', id = ''] = message_id.split(/:(.*)/s);
  if (kind === 'timer' || kind === 'ended') return run_id;
  if (kind === 'child') return runs.has(id) ? id : run_id;
  const { parent } = runs.get(run_id)?.run.state.request ?? {};
  if (kind === 'parent' || kind === 'requested') return parent?.run_id ?? null;
  return null;
}

/** As histories tell, and as every loop that drove the run derived them on the way. */
async function same_events(played: Played, { key, run, events }: SimulatedRun): Promise<void> {
  const { client, site, coordinators } = played;
  assert.is(text(await client.events(key)), text(events), `events of run '${key.run_id}'`);
  assert.is(text(await client.show(key)), text(view_run(run)), `run '${key.run_id}'`);
  const partition = site.client.journal.partition_of(key);
  const results = is_ended(run.state) ? [result_of(run)] : [];
  for (const coordinator of coordinators.filter((one) => one.owns(partition))) {
    const { name } = coordinator;
    assert.is(text(coordinator.events.get(key.run_id) ?? []), text(events), `events of run '${key.run_id}' at ${name}`);
    assert.is(text(coordinator.results.get(key.run_id)), text(results), `result of run '${key.run_id}' at ${name}`);
  }
}

async function same_lists(played: Played, { key, run, tasks }: SimulatedRun): Promise<void> {
  const { site, progress } = played;
  const partition = site.client.journal.partition_of(key);
  const wanted = text([...tasks.values()].map(as_listed).sort());
  for (const { backend, partitions } of site.coordinators) {
    if (!partitions.includes(partition)) continue;
    const seen = { status: '', tasks: '' };
    const look = async (): Promise<void> => {
      seen.status = (await backend.index.run(tenant_id, key.run_id))?.status ?? 'not listed';
      const { rows } = await backend.index.tasks({ tenant_id, run_id: key.run_id, limit: 1_000 });
      seen.tasks = text(rows.map(as_listed).sort());
    };
    await look();
    const is_so = (): boolean => {
      if (seen.status === run.state.status && seen.tasks === wanted) return true;
      void look();
      return false;
    };
    await progress.until(is_so, () => `lists of run '${key.run_id}': ${text(seen)}, expected ${wanted}`);
  }
}

function as_listed(task: HumanTask): string {
  return text(task);
}

/** Each job was answered unless its worker is silent, and each that was called off was called off at every worker. */
async function same_jobs({ reference, ledger, workers, progress }: Played): Promise<void> {
  const answered = new Set(reference.appended.map(({ message_id }) => message_id));
  const jobs = reference.appended.flatMap((one) => one.jobs.map(({ job_id }) => job_id));
  const silent = jobs.filter((job_id) => !answered.has(`report:${job_id}:1`)).sort();
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

async function same_live_runs({ reference, site, coordinators, progress }: Played): Promise<void> {
  const live = [...reference.runs.values()].filter(({ run }) => !run.state.is_recorded).map(({ key }) => key);
  for (const coordinator of coordinators) {
    const own = live.filter((key) => coordinator.owns(site.client.journal.partition_of(key))).length;
    await progress.until(
      () => coordinator.live_runs() === own,
      () => `${coordinator.name} has ${coordinator.live_runs()} live runs, expected ${own}`,
    );
  }
}

function text(value: unknown): string {
  return JSON.stringify(value);
}
