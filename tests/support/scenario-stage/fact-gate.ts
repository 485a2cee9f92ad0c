/**
 * Purpose: forces the order of the reference run on appends that come from many processes.
 * Owns: which fact may pass, that it equals the fact of the reference, that a duplicate gets the position of the original.
 * Invariants:
 *  G1 a fact that is not in the reference fails the run
 *  G2 a fact passes in its turn, and only if it equals that of the reference; its duplicates in the same turn race it
 *  G3 a later duplicate goes straight to the journal, which must recognize it by its message id
 */
import { isDeepStrictEqual } from 'node:util';
import { type Fact, type Journal, LlmteamError, type NewEntry, type Position, type RunKey } from '@llmteam/contracts';
import { altered } from '../altered.js';
import type { Progress } from './progress.js';

/** What one append must contain. */
export interface Expected {
  readonly run_id: string;
  readonly message_id: string;
  readonly facts: readonly Fact[];
}

interface Place {
  readonly expected: Expected;
  /** Appends that wait for its turn. */
  readonly arrivals: Map<symbol, { readonly who: string; readonly differs: boolean; readonly pass: () => void }>;
  isOpen: boolean;
  kept: readonly Position[] | null;
  /** Processes that appended it, the first and the duplicates. */
  readonly by: Set<string>;
}

export class FactGate {
  private readonly places = new Map<string, Place>();
  private isClosed = false;

  constructor(
    private readonly tenantId: string,
    expected: readonly Expected[],
    private readonly progress: Progress,
  ) {
    for (const one of expected) {
      const place = { expected: one, arrivals: new Map(), isOpen: false, kept: null, by: new Set<string>() };
      this.places.set(nameOf(one.run_id, one.message_id), place);
    }
  }

  /** The journal of one process. */
  before(journal: Journal, who: string): Journal {
    return altered(journal, { append: (run, entries) => this.append(journal, who, run, entries) });
  }

  /** Lets one fact pass; resolves with its last position once it is stored. */
  async letPass({ run_id, message_id }: Expected): Promise<Position> {
    const name = nameOf(run_id, message_id);
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`the reference has no ${name}`);
    place.isOpen = true;
    for (const { differs, pass } of place.arrivals.values()) if (!differs) pass();
    await this.progress.until(
      () => place.kept !== null,
      () => `nobody appended ${name}; waiting before their turn: ${this.waiting().join(', ') || 'none'}`,
    );
    for (const { pass } of place.arrivals.values()) pass();
    return place.kept?.at(-1) ?? 0;
  }

  /** Processes that have appended it so far, the first and the duplicates. */
  appendedBy({ run_id, message_id }: Expected): readonly string[] {
    return [...(this.places.get(nameOf(run_id, message_id))?.by ?? [])].sort();
  }

  /** Rejects every waiting append. */
  close(): void {
    this.isClosed = true;
    for (const { arrivals } of this.places.values()) for (const { pass } of arrivals.values()) pass();
  }

  private async append(
    journal: Journal,
    who: string,
    run: RunKey,
    entries: readonly NewEntry[],
  ): Promise<readonly Position[]> {
    const name = nameOf(run.run_id, entries[0]?.message_id ?? '');
    const place = this.places.get(name);
    if (place === undefined || run.tenant_id !== this.tenantId) {
      this.progress.fail(new Error(`${who} appended ${name}, which the reference does not know: ${textOf(entries)}`));
      throw closed();
    }
    if (place.kept === null) await this.turn(place, name, who, entries);
    if (this.isClosed) throw closed();
    try {
      const positions = await journal.append(run, entries);
      this.note(place, name, who, positions);
      return positions;
    } catch (error) {
      if (!this.isClosed) this.progress.fail(new Error(`${who} could not append ${name}`, { cause: error }));
      throw error;
    }
  }

  private async turn({ expected, arrivals, isOpen }: Place, name: string, who: string, entries: readonly NewEntry[]) {
    const given: unknown = JSON.parse(JSON.stringify(entries.map(({ fact }) => fact)));
    const differs = !isDeepStrictEqual(given, expected.facts);
    if (isOpen && !differs) return;
    const shown = differs ? `${who} with another ${name}: ${textOf(entries)}` : `${who} with ${name}`;
    const me = Symbol(name);
    await new Promise<void>((pass) => {
      arrivals.set(me, { who: shown, differs, pass });
      this.progress.changed();
    });
    arrivals.delete(me);
  }

  private note(place: Place, name: string, who: string, positions: readonly Position[]): void {
    place.by.add(who);
    place.kept ??= positions;
    this.progress.changed();
    if (isDeepStrictEqual(place.kept, positions)) return;
    const told = `${positions.join()}, the first ${place.kept.join()}`;
    this.progress.fail(new Error(`${who} appended ${name} again and was answered position ${told}`));
  }

  private waiting(): string[] {
    return [...this.places.values()].flatMap(({ arrivals }) => [...arrivals.values()].map(({ who }) => who));
  }
}

function nameOf(runId: string, messageId: string): string {
  return `'${messageId}' to run '${runId}'`;
}

function textOf(entries: readonly NewEntry[]): string {
  return JSON.stringify(entries.map(({ fact }) => fact));
}

function closed(): LlmteamError {
  return new LlmteamError('CLOSED', 'the play is over');
}
