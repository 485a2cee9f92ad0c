import {
  type Entry,
  isLlmteamError,
  type Journal,
  type Position,
  type RunKey,
  type RunRedacted,
} from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { planToBegin } from '../definitions/fold-history.js';
import type { Effect } from '../engine/effects.js';
import { RunFold } from '../engine/fold.js';
import { isEnded } from '../engine/state.js';

/** What removing a run needs to know of its history. */
export interface EndedRun {
  readonly key: RunKey;
  /** The id of its parent run; null if it has none. */
  readonly parent: string | null;
  readonly isDecided: boolean;
  readonly isRecorded: boolean;
  /** Ids of the child runs that it may have started. */
  readonly children: readonly string[];
  /** Ids of its human tasks. */
  readonly tasks: readonly string[];
  /** The position of the entry that says so, if its data was removed. */
  readonly redactedAt: Position | null;
}

/** Null if there is no such run. One whose history cannot be read counts as ended: nobody can drive it. */
export async function lookAtEnd(
  { journal, definitions }: { readonly journal: Journal; readonly definitions: Definitions },
  key: RunKey,
): Promise<EndedRun | null> {
  const entries: Entry[] = [];
  const isReadable = await readInto(entries, journal.read(key));
  if (entries.length === 0 && isReadable) return null;
  const facts = entries.map(({ fact }) => fact);
  const [first] = facts;
  const redaction = entries.find(({ fact }) => fact.type === 'run.redacted');
  if (redaction !== undefined) return redactedEnd(key, redaction);
  const isRecorded = !isReadable || facts.some(({ type }) => type === 'run.ended');
  const { effects, hasEnded } = await evaluate(definitions, key, entries);
  const ended = facts.flatMap((fact) => (fact.type === 'child.ended' ? [fact.child_run_id] : []));
  const started = effects.flatMap((effect) => (effect.kind === 'start_child' ? [effect.run_id] : []));
  return {
    key,
    parent: first?.type === 'run.requested' ? (first.parent?.run_id ?? null) : null,
    isDecided: isRecorded || hasEnded,
    isRecorded,
    children: [...new Set([...started, ...ended])],
    tasks: [...new Set(effects.flatMap((effect) => (effect.kind === 'show_task' ? [effect.task.task_id] : [])))],
    redactedAt: null,
  };
}

/** False if the rest of the history cannot be read. */
async function readInto(entries: Entry[], history: AsyncIterable<Entry>): Promise<boolean> {
  try {
    for await (const entry of history) entries.push(entry);
    return true;
  } catch (error) {
    if (!isLlmteamError(error) || error.code !== 'STORE_CORRUPT') throw error;
    return false;
  }
}

function redactedEnd(key: RunKey, { fact, position }: Entry): EndedRun {
  const { children, request } = fact as RunRedacted;
  const parent = request.parent?.run_id ?? null;
  return { key, parent, isDecided: true, isRecorded: true, children, tasks: [], redactedAt: position };
}

/** As far as the run can be evaluated here: a step type may be gone, and the beginning of its history too. */
async function evaluate(
  definitions: Definitions,
  key: RunKey,
  entries: readonly Entry[],
): Promise<{ readonly effects: readonly Effect[]; readonly hasEnded: boolean }> {
  const fold = new RunFold(key);
  const effects: Effect[] = [];
  try {
    for (const { fact } of entries) {
      effects.push(...(fold.apply(fact, await planToBegin(fold, fact, definitions))?.effects ?? []));
    }
  } catch {
    // Its end is recorded or not, whatever its steps are.
  }
  return { effects, hasEnded: fold.run !== null && isEnded(fold.run.state) };
}
