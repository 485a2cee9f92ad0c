import { type Fact, LlmteamError, type NewEntry, type RunKey } from '@llmteam/contracts';

/** The maximum size of one append, in characters of JSON text. */
const appendCharacters = 64 * 1024 * 1024;

/** The entries of one append as text, so that no objects are shared with the caller. */
export interface AppendDraft {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly runKey: string;
  readonly messageIds: readonly string[];
  /** JSON text, one per message id. */
  readonly facts: readonly string[];
  readonly characters: number;
}

/** An unambiguous string key for a run: `["acme","run-1"]`. */
export function runKeyText(run: RunKey): string {
  return `[${JSON.stringify(run.tenant_id)},${JSON.stringify(run.run_id)}]`;
}

/** Serializes the entries. Throws `TypeError` if a fact is not JSON, `LIMIT_EXCEEDED` above 64 Mi characters. */
export function draftAppend(run: RunKey, entries: readonly NewEntry[]): AppendDraft {
  const messageIds: string[] = [];
  const facts: string[] = [];
  let characters = 0;
  for (const { message_id, fact } of entries) {
    const text = factText(fact);
    messageIds.push(message_id);
    facts.push(text);
    characters += message_id.length + text.length;
  }
  if (characters > appendCharacters) {
    const size = `${characters} characters of JSON, at most ${appendCharacters} are allowed`;
    throw new LlmteamError('LIMIT_EXCEEDED', `Append to run ${run.run_id}: ${size}`);
  }
  const { tenant_id, run_id } = run;
  return { tenant_id, run_id, runKey: runKeyText(run), messageIds, facts, characters };
}

function factText(fact: Fact): string {
  const text: string | undefined = JSON.stringify(fact);
  if (text === undefined) throw new TypeError(`A fact must be a JSON object, not ${typeof fact}`);
  return text;
}
