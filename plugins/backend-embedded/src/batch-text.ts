/*
 * Purpose: the text format of entries that are committed together.
 *
 * A batch starts with its runs, `[["acme","run-1"],["acme","run-2"]]`, followed by each entry's run number, message id and
 * fact, `[0,"step.reported/research#1",{…}]`, all joined by a comma and a line feed. A removed entry, and a run without
 * entries, is `null`. Invariants:
 *  T1 JSON text has no raw line feed, so a batch can be split into entries without parsing it.
 *  T2 Positions are not stored: the first entry has the batch's position, and the others follow without gaps.
 */
import type { Entry, Fact, Position, RunKey } from '@llmteam/contracts';
import type { AppendDraft } from './append-draft.js';

const separator = ',\n';
const removedLine = 'null';
const entryHead = /^\[(\d+),("(?:[^"\\]|\\.)*"),/;

type RunName = readonly [tenant_id: string, run_id: string] | null;
type EntryLine = readonly [run: number, message_id: string, fact: Fact];

/** Collects the text of one batch. */
export class BatchText {
  /** By run key, in the order of their numbers. */
  readonly runs = new Map<string, RunKey>();
  readonly #numbers = new Map<string, number>();
  readonly #lines: string[] = [];

  /** Number of entries. */
  get size(): number {
    return this.#lines.length;
  }

  get body(): string {
    return [`[${[...this.runs.keys()].join()}]`, ...this.#lines].join(separator);
  }

  add(draft: AppendDraft, index: number): void {
    this.#lines.push(`[${this.#numberOf(draft)},${JSON.stringify(draft.messageIds[index])},${draft.facts[index]}]`);
  }

  #numberOf({ runKey, tenant_id, run_id }: AppendDraft): number {
    const known = this.#numbers.get(runKey);
    if (known !== undefined) return known;
    const number = this.runs.size;
    this.#numbers.set(runKey, number);
    this.runs.set(runKey, { tenant_id, run_id });
    return number;
  }
}

export function parseBatch(first: Position, body: string): Entry[] {
  const [runs, ...lines]: readonly [readonly RunName[], ...(EntryLine | null)[]] = JSON.parse(`[${body}]`);
  return lines.flatMap((line, index) => {
    if (line === null) return [];
    const [run, messageId, fact] = line;
    const [tenantId = '', runId = ''] = runs[run] ?? [];
    return [{ position: first + index, tenant_id: tenantId, run_id: runId, message_id: messageId, fact }];
  });
}

/** Yields the entries of one run after a position without parsing the others. */
export function* parseRun(first: Position, body: string, run: RunKey, after: Position): Generator<Entry> {
  const [head = '', ...lines] = body.split(separator);
  const { tenant_id, run_id } = run;
  const prefix = `[${numberOf(run, JSON.parse(head))},`;
  for (const [index, line] of lines.entries()) {
    const position = first + index;
    if (position <= after || !line.startsWith(prefix)) continue;
    const [, messageId, fact]: EntryLine = JSON.parse(line);
    yield { position, tenant_id, run_id, message_id: messageId, fact };
  }
}

/** The batch without the entries of a run before a position; null if it has none of them. */
export function withoutRun(first: Position, body: string, run: RunKey, before: Position): string | null {
  const [head = '', ...lines] = body.split(separator);
  const runs: RunName[] = JSON.parse(head);
  const number = numberOf(run, runs);
  const isOfRun = (line: string) => line.startsWith(`[${number},`);
  const kept = lines.map((line, index) => (first + index < before && isOfRun(line) ? removedLine : line));
  if (kept.every((line, index) => line === lines[index])) return null;
  if (!kept.some(isOfRun)) runs[number] = null;
  return [JSON.stringify(runs), ...kept].join(separator);
}

/** -1 if the batch has no entries of the run. */
function numberOf({ tenant_id, run_id }: RunKey, runs: readonly RunName[]): number {
  return runs.findIndex((name) => name !== null && name[0] === tenant_id && name[1] === run_id);
}

/** The runs of a batch with their message ids and positions, without parsing facts. */
export function parseHeads(first: Position, body: string): RunHeads[] {
  const [head = '', ...lines] = body.split(separator);
  const names: readonly RunName[] = JSON.parse(head);
  const heads: RunHeads[] = names.map((name) => ({
    run: { tenant_id: name?.[0] ?? '', run_id: name?.[1] ?? '' },
    messageIds: [],
    positions: [],
  }));
  for (const [index, line] of lines.entries()) {
    const [, number, messageId = '""'] = entryHead.exec(line) ?? [];
    const run = heads[Number(number)];
    run?.messageIds.push(JSON.parse(messageId));
    run?.positions.push(first + index);
  }
  return heads.filter(({ positions }) => positions.length > 0);
}

interface RunHeads {
  readonly run: RunKey;
  readonly messageIds: string[];
  readonly positions: Position[];
}
