/**
 * Records that are spoiled in one way each, and what the checker must report.
 * Not covered is what the engine derives from a history (a gap in `seq`, a second terminal event, a step that completed twice, a
 * different replay): no record can be spoiled so that only that is wrong.
 */
import type { Fact, RunEnded } from '@llmteam/contracts';
import type { Kept } from './journal-records.js';
import type { Execution } from './ledger.js';
import type { Records } from './records.js';

export interface Spoiled {
  readonly fault: RegExp;
  readonly spoil: (good: Records) => Records;
}

/** The first run of the load is a chain. */
const run = 'chain-1';
const minuteMs = 60_000;

const isOf =
  (type: Fact['type']) =>
  ({ run_id, fact }: Kept): boolean =>
    run_id === run && fact.type === type;

/** Maps each journal entry. */
const journal =
  (give: (entry: Kept) => readonly Kept[]) =>
  (good: Records): Records => ({ ...good, kept: good.kept.flatMap(give) });

const without = (isGone: (entry: Kept) => boolean) => journal((entry) => (isGone(entry) ? [] : [entry]));

const endWith = (changes: Partial<RunEnded>) =>
  journal((entry) =>
    isOf('run.ended')(entry) ? [{ ...entry, fact: { ...(entry.fact as RunEnded), ...changes } }] : [entry],
  );

const twice = (type: Fact['type']) => journal((entry) => (isOf(type)(entry) ? [entry, entry] : [entry]));

/** Maps the handler records of the first step. */
const ledgerOfFirstStep =
  (give: (line: Execution) => readonly Execution[]) =>
  (good: Records): Records => ({
    ...good,
    ledger: good.ledger.flatMap((line) => (line.run_id === run && line.step === 'one' ? give(line) : [line])),
  });

/** Adds another start of the step, this long after the first. */
export const beganAgain = (afterMs: number): Spoiled['spoil'] =>
  ledgerOfFirstStep((line) => (line.what === 'began' ? [line, { ...line, at: line.at + afterMs }] : [line]));

/** Stores the fact again, as happens outside the deduplication window. */
export const keptAgain: Spoiled['spoil'] = twice('run.ended');

export const spoiled: Readonly<Record<string, Spoiled>> = {
  'a run that is lost': { fault: /chain-1: was accepted and is lost/, spoil: without(({ run_id }) => run_id === run) },
  'a run that nobody asked for': {
    fault: /chain-1: was asked for by nobody/,
    spoil: (good) => {
      const asked = new Map([...good.client.asked].filter(([runId]) => runId !== run));
      return { ...good, client: { asked, definitions: good.client.definitions } };
    },
  },
  'a child without a parent': {
    fault: /has a parent that is not there/,
    spoil: (good) => {
      const parents = new Set(
        good.kept.map(({ fact }) => (fact.type === 'run.requested' ? fact.parent?.run_id : null)),
      );
      return without(({ run_id }) => parents.has(run_id))(good);
    },
  },
  'a history without its beginning': {
    fault: /does not begin with its request/,
    spoil: without(isOf('run.requested')),
  },
  'a run that began twice': { fault: /began 2 times/, spoil: twice('run.requested') },
  'steps of a run that is not there': {
    fault: /no-run: has steps that ran and no history/,
    spoil: ledgerOfFirstStep((line) => [line, { ...line, run_id: 'no-run' }]),
  },
  'a fact that was kept twice': { fault: /has 5 facts twice/, spoil: twice('step.reported') },
  'a report that is missing': {
    fault: /chain-1: never ended/,
    spoil: without((entry) => isOf('step.reported')(entry) && (entry.fact as { step?: string }).step === 'two'),
  },
  'a run without an end': { fault: /has its end recorded 0 times/, spoil: without(isOf('run.ended')) },
  'an end that was recorded twice': { fault: /has its end recorded 2 times/, spoil: twice('run.ended') },
  'an end that counts other events': { fault: /says it ended with event 3 of/, spoil: endWith({ seq: 3 }) },
  'a status that is wrong': { fault: /is cancelled, not completed/, spoil: endWith({ status: 'cancelled' }) },
  'an output that is wrong': { fault: /returned "spoiled", not/, spoil: endWith({ output: 'spoiled' }) },
  'an attempt before the one before it was over': {
    fault: /began one#3 before 2 was over/,
    spoil: ledgerOfFirstStep((line) => [line, { ...line, attempt: 3 }]),
  },
  'a step that ran again long after its report': { fault: /ran one#1 again/, spoil: beganAgain(minuteMs) },
  'a report of work that nobody did': {
    fault: /reported one#1, whose handler was never through/,
    spoil: ledgerOfFirstStep((line) => (line.what === 'done' ? [] : [line])),
  },
};
