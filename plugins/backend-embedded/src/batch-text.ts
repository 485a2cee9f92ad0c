/*
 * Purpose: the text format of entries that are committed together.
 *
 * A batch starts with its runs, `[["acme","run-1"],["acme","run-2"]]`, followed by each entry's run number, message id and
 * fact, `[0,"step.reported/research#1",{…}]`, all joined by a comma and a line feed. A removed entry, and a run without
 * entries, is `null`. Invariants:
 *  T1 JSON text has no raw line feed, so a batch can be split into entries without parsing it.
 *  T2 Positions are not stored: the first entry has the batch's position, and the others follow without gaps.
 */
import type { Entry, Fact, Position, RunKey, UnreadableMessage } from '@llmteam/contracts';
import type { AppendDraft } from './append-draft.js';
import type { Batch } from './batch.js';

const separator = ',\n';
const removedLine = 'null';
const entryHead = /^\[(\d+),("(?:[^"\\]|\\.)*"),/;

type RunName = readonly [tenant_id: string, run_id: string] | null;

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

/** The entries of a batch, and in place of those that are none, why. */
export function parseBatch(first: Position, body: string): (Entry | UnreadableMessage)[] {
  const [runs, ...lines] = parsedLines(body);
  const names: readonly RunName[] = Array.isArray(runs) ? runs : [];
  return lines.flatMap((line, index) => (line === null ? [] : [entryOf(first + index, line, names)]));
}

/** Line by line if need be: one that is not JSON leaves the others readable. */
function parsedLines(body: string): readonly unknown[] {
  try {
    return JSON.parse(`[${body}]`);
  } catch {
    return body.split(separator).map(parsedLine);
  }
}

function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

function entryOf(position: Position, line: unknown, runs: readonly RunName[]): Entry | UnreadableMessage {
  const [number, messageId, fact]: readonly unknown[] = Array.isArray(line) ? line : runAtLeast(line);
  const [tenantId, runId] = runs[Number(number)] ?? [];
  const isNamed = typeof tenantId === 'string' && typeof runId === 'string';
  if (isNamed && typeof messageId === 'string' && isFact(fact)) {
    return { position, tenant_id: tenantId, run_id: runId, message_id: messageId, fact };
  }
  const run = isNamed ? [{ tenant_id: tenantId, run_id: runId }] : [];
  return { position, runs: run, reason: `entry ${position} of the journal is not an entry` };
}

/** A line that is not JSON begins with the number of its run, unless that is damaged too. */
function runAtLeast(line: unknown): readonly unknown[] {
  const [, number] = /^\[(\d+),/.exec(String(line)) ?? [];
  return number === undefined ? [] : [Number(number)];
}

function isFact(value: unknown): value is Fact {
  return typeof (value as Partial<Fact> | null | undefined)?.type === 'string';
}

/** The runs that the text of a batch begins with; empty if it does not begin with runs. */
export function namedIn(body: string): readonly RunKey[] {
  const names = namesIn(body);
  return (names ?? []).flatMap((name) => (name === null ? [] : [{ tenant_id: name[0], run_id: name[1] }]));
}

function namesIn(body: string): RunName[] | null {
  const [head = ''] = body.split(separator, 1);
  const names = parsedLine(head);
  return Array.isArray(names) && names.every(isRunName) ? names : null;
}

function isRunName(name: unknown): name is RunName {
  return name === null || (Array.isArray(name) && typeof name[0] === 'string' && typeof name[1] === 'string');
}

/** Yields the entries of one run after a position without parsing the others. */
export function* parseRun(
  first: Position,
  body: string,
  run: RunKey,
  after: Position,
): Generator<Entry | UnreadableMessage> {
  const [, ...lines] = body.split(separator);
  const names = namesIn(body) ?? [];
  const prefix = `[${numberOf(run, names)},`;
  for (const [index, line] of lines.entries()) {
    const position = first + index;
    if (position > after && line.startsWith(prefix)) yield entryOf(position, parsedLine(line), names);
  }
}

/** The batch without the entries of a run before a position; null if it has none of them. Does not parse entries. */
export function withoutRun(batch: Batch, run: RunKey, before: Position): Batch | null {
  const { position: first, body, damage } = batch;
  const [, ...lines] = body.split(separator);
  const runs = namesIn(body) ?? [];
  const number = numberOf(run, runs);
  const isOfRun = (line: string) => line.startsWith(`[${number},`);
  const kept = lines.map((line, index) => (first + index < before && isOfRun(line) ? removedLine : line));
  const isUnchanged = kept.every((line, index) => line === lines[index]);
  if (isUnchanged && (damage === undefined || number < 0)) return null;
  if (!kept.some(isOfRun)) runs[number] = null;
  if (damage !== undefined && runs.every((name) => name === null)) return emptyBatch(batch);
  return { ...batch, body: [JSON.stringify(runs), ...kept].join(separator) };
}

/** In place of a damaged batch whose runs were all removed. */
function emptyBatch({ position, size }: Batch): Batch {
  return { position, size, body: ['[]', ...Array.from({ length: size }, () => removedLine)].join(separator) };
}

/** -1 if the batch has no entries of the run. */
function numberOf({ tenant_id, run_id }: RunKey, runs: readonly RunName[]): number {
  return runs.findIndex((name) => name !== null && name[0] === tenant_id && name[1] === run_id);
}

/** The runs of a batch with their message ids and positions, without parsing facts. */
export function parseHeads(first: Position, body: string): RunHeads[] {
  const [, ...lines] = body.split(separator);
  const names = namesIn(body) ?? [];
  const heads: RunHeads[] = names.map((name) => ({
    run: { tenant_id: name?.[0] ?? '', run_id: name?.[1] ?? '' },
    messageIds: [],
    positions: [],
  }));
  for (const [index, line] of lines.entries()) {
    const [, number, messageId = '""'] = entryHead.exec(line) ?? [];
    const run = heads[Number(number)];
    run?.messageIds.push(String(parsedLine(messageId)));
    run?.positions.push(first + index);
  }
  return heads.filter(({ positions }) => positions.length > 0);
}

interface RunHeads {
  readonly run: RunKey;
  readonly messageIds: string[];
  readonly positions: Position[];
}
