/** Mutation tests of the scenario stage: a faulty backend must fail, and one that only duplicates messages must pass. */
import type { Backend, Delivery, Fact, Job, NewEntry, Position, RunKey } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { altered } from '../support/altered.js';
import { FactGate } from '../support/scenario-stage/fact-gate.js';
import { Progress } from '../support/scenario-stage/progress.js';
import { isSameAsReference } from '../support/scenario-stage/same-as-reference.js';
import { inOneProcess, memory, type OpenSite } from '../support/scenario-stage/site.js';
import { playOnStage } from '../support/scenario-stage/stage.js';
import { spec } from '../support/spec.js';

type Fault = (backend: Backend) => Partial<Backend>;

/** A fault shows as something that does not arrive in time. */
const patienceMs = 700;

function faulty(fault: Fault, owners: number): OpenSite {
  return inOneProcess(async (clock) => {
    const backend = await memory(clock);
    return { ...backend, ...fault(backend) };
  }, owners);
}

async function outcome(scenario: string, fault: Fault, owners = 1): Promise<string> {
  try {
    await playOnStage(scenario, faulty(fault, owners), isSameAsReference, patienceMs);
    return 'as in the reference';
  } catch (error) {
    return String(error);
  }
}

function isReport({ fact }: NewEntry): boolean {
  return fact.type === 'step.reported';
}

/** Acknowledges the first report immediately and writes it after the second. */
const swapsTwoReports: Fault = ({ journal }) => {
  const late: { run: RunKey; entries: readonly NewEntry[] }[] = [];
  const seen = { reports: 0 };
  const append = async (run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> => {
    if (entries.some(isReport)) seen.reports++;
    if (seen.reports === 1 && late.length === 0) {
      late.push({ run, entries });
      return [(await journal.end(0)) + 1];
    }
    const positions = await journal.append(run, entries);
    for (const held of late.splice(0)) await journal.append(held.run, held.entries);
    return positions;
  };
  return { journal: altered(journal, { append }) };
};

const losesAReport: Fault = ({ journal }) => {
  const append = async (run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> =>
    entries.some(isReport) ? [(await journal.end(0)) + 1] : journal.append(run, entries);
  return { journal: altered(journal, { append }) };
};

const writesRepetitions: Fault = ({ journal }) => {
  const made = { ids: 0 };
  const append = (run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> =>
    journal.append(
      run,
      entries.map(({ fact }) => ({ message_id: `new:${++made.ids}`, fact })),
    );
  return { journal: altered(journal, { append }) };
};

/** The second follower of a partition never sees a report. */
const keepsReportsFromTheSecond: Fault = ({ journal }) => {
  const made = { followers: 0 };
  const follow: typeof journal.follow = async function* (partition, from, signal) {
    const isSecond = ++made.followers === 2;
    for await (const batch of journal.follow(partition, from, signal)) {
      yield isSecond ? batch.filter(({ fact }) => fact.type !== 'step.reported') : batch;
    }
  };
  return { journal: altered(journal, { follow }) };
};

const readsBackAnotherWorker: Fault = ({ journal }) => {
  const read: typeof journal.read = async function* (run, after) {
    for await (const entry of journal.read(run, after)) {
      const fact = JSON.parse(JSON.stringify(entry.fact).replaceAll('"worker-1"', '"worker-2"')) as Fact;
      yield { ...entry, fact };
    }
  };
  return { journal: altered(journal, { read }) };
};

const losesAJob: Fault = ({ queue }) => {
  const publish = (jobs: readonly Job[]): Promise<void> => queue.publish(jobs.slice(1));
  return { queue: altered(queue, { publish }) };
};

const changesAJob: Fault = ({ queue }) => {
  const consume: typeof queue.consume = (name, options, handle) =>
    queue.consume(name, options, (delivery) => handle(altered(delivery, { job: { ...delivery.job, input: 'other' } })));
  return { queue: altered(queue, { consume }) };
};

/** Every job is delivered a second time, immediately or after its ack. */
function handsOutTwice(when: 'at once' | 'once answered'): Fault {
  return ({ queue }) => {
    const consume: typeof queue.consume = (name, options, handle) =>
      queue.consume(name, options, (delivery) => {
        const again = altered<Delivery>(delivery, { deliveries: 2, ack: async () => undefined });
        const ack = async (): Promise<void> => {
          await delivery.ack();
          if (when === 'once answered') handle(again);
        };
        handle(altered<Delivery>(delivery, { ack }));
        if (when === 'at once') handle(again);
      });
    return { queue: altered(queue, { consume }) };
  };
}

const tellsNobody: Fault = ({ pubSub }) => ({ pubSub: altered(pubSub, { publish: () => undefined }) });
const listsNothing: Fault = ({ index }) => ({ index: altered(index, { apply: async () => undefined }) });

const faults: readonly (readonly [name: string, scenario: string, fault: Fault, owners: number, told: RegExp])[] = [
  ['swaps two appends', 'diamond-joins-when-both-branches-are-in', swapsTwoReports, 1, /not applied|nobody/],
  ['loses an append', 'linear-steps-run-one-after-another', losesAReport, 1, /not applied: coordinator-1 is at 1 of 2/],
  ['writes a repetition', 'single-step', writesRepetitions, 2, /again and was answered position/],
  ['keeps entries from one follower', 'single-step', keepsReportsFromTheSecond, 2, /coordinator-2/],
  ['reads back what was not written', 'single-step', readsBackAnotherWorker, 1, /deeply equal/],
  ['loses a job', 'single-step', losesAJob, 1, /not handed out: run\/.*#1/],
  ['changes a job', 'single-step', changesAJob, 1, /worker-1 was handed a job the reference does not know/],
  [
    'tells no worker to stop',
    'cancel-calls-off-the-jobs-in-flight',
    tellsNobody,
    1,
    /told to stop: \[\], expected \["run/,
  ],
  ['keeps no lists', 'single-step', listsNothing, 1, /not listed/],
];
const harmless: readonly (readonly [name: string, fault: Fault, owners: number])[] = [
  ['without a fault', () => ({}), 1],
  ['with two owners', () => ({}), 2],
  ['that hands out every job twice at the same time', handsOutTwice('at once'), 1],
  ['that hands out every job again once it was answered', handsOutTwice('once answered'), 1],
];

spec('the scenario stage', (test) => {
  for (const [name, scenario, fault, owners, told] of faults) {
    test(`a backend that ${name} does not pass`, async () => {
      assert.match(await outcome(scenario, fault, owners), told);
    });
  }

  for (const [name, fault, owners] of harmless) {
    test(`a backend ${name} passes`, async () => {
      assert.is(await outcome('retries-back-off-with-jitter', fault, owners), 'as in the reference');
      assert.is(await outcome('loop-in-map-in-subworkflow', fault, owners), 'as in the reference');
    });
  }
});

const run: RunKey = { tenant_id: 'acme', run_id: 'run' };
const fired: Fact = { type: 'timer.fired', at: 1, timer: 'a' };

function entry(fact: Fact): readonly NewEntry[] {
  return [{ message_id: 'timer:a', fact }];
}

async function withGate(work: (gate: FactGate, journal: Backend['journal'], progress: Progress) => Promise<void>) {
  const backend = await memory({ now: () => 0, after: () => ({ cancel: () => undefined }) });
  const progress = new Progress(200);
  const gate = new FactGate('acme', [{ run_id: 'run', message_id: 'timer:a', facts: [fired] }], progress);
  await work(gate, gate.before(backend.journal, 'somebody'), progress);
  gate.close();
  await backend.close();
}

async function messageOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => String(error),
  );
}

spec('the gate of the scenario stage', (test) => {
  test('a fact waits for its turn', () =>
    withGate(async (gate, journal) => {
      const appended = journal.append(run, entry(fired));
      assert.is(await journal.end(0), 0);
      assert.is(await gate.letPass({ run_id: 'run', message_id: 'timer:a', facts: [fired] }), 1);
      assert.equal(await appended, [1]);
    }));

  test('a fact that is not what the reference has does not pass, and is named', () =>
    withGate(async (gate, journal) => {
      journal.append(run, entry({ ...fired, at: 2 })).catch(() => undefined);
      const told = await messageOf(gate.letPass({ run_id: 'run', message_id: 'timer:a', facts: [fired] }));
      assert.match(told, /nobody appended 'timer:a' to run 'run'; .* somebody with another .*"at":2/);
      assert.is(await journal.end(0), 0);
    }));

  test('a fact the reference does not know ends the play', () =>
    withGate(async (_gate, journal, progress) => {
      const unknown = [{ message_id: 'timer:b', fact: fired }];
      assert.match(await messageOf(journal.append(run, unknown)), 'the play is over');
      assert.match(await messageOf(progress.until(() => false, String)), /somebody appended 'timer:b'/);
      assert.is(await journal.end(0), 0);
    }));

  test('a run of another tenant is another run', () =>
    withGate(async (_gate, journal, progress) => {
      await messageOf(journal.append({ ...run, tenant_id: 'other' }, entry(fired)));
      assert.throws(() => progress.check(), /does not know/);
    }));
});
