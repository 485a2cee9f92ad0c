/**
 * Purpose: a human task as a conversation on a terminal.
 * Owns: the questions per task type and reading the replies. Does not own: checking the answer (RunService).
 */
import type { HumanTask, Json, JsonObject, TaskAnswer } from '@llmteam/contracts';
import { isLlmteamError } from '@llmteam/contracts';
import { jsonOrText, parseArgument } from './files.js';

/** Asks one question. @throws Dismissed */
export type Ask = (question: string) => Promise<string>;

/** The person is no longer asked, in the middle of an answer: nothing is sent. */
export class Dismissed extends Error {}

export type GivenAnswer = Pick<TaskAnswer, 'decision' | 'value' | 'comment'>;

/** The reply that leaves the task open. */
const later = 'Enter = later';

/** Resolves to null if the person leaves the task open. `say` prints a line. @throws Dismissed */
export async function askForAnswer(
  { request }: HumanTask,
  ask: Ask,
  say: (line: string) => void,
): Promise<GivenAnswer | null> {
  switch (request.task_type) {
    case 'approval':
      return verdict(ask, say, false);
    case 'review':
      return verdict(ask, say, true);
    case 'choice':
      return choice(request.choices, ask, say);
    case 'input':
      return entry(request.form, ask, say);
  }
}

const verdicts = { yes: 'approve', approve: 'approve', no: 'reject', reject: 'reject', modify: 'modify' } as const;

async function verdict(ask: Ask, say: (line: string) => void, mayModify: boolean): Promise<GivenAnswer | null> {
  const modify = mayModify ? ', modify [m]' : '';
  const words = Object.entries(verdicts).filter(([word]) => mayModify || word !== 'modify');
  for (;;) {
    const reply = (await ask(`approve [y], reject [n]${modify}; ${later}: `)).trim().toLowerCase();
    if (reply === '') return null;
    const decision = words.find(([word]) => word.startsWith(reply))?.[1];
    if (decision === undefined) say(`'${reply}' is none of these.`);
    else if (decision !== 'modify') return withComment({ decision }, ask);
    else return modified(ask, say);
  }
}

async function modified(ask: Ask, say: (line: string) => void): Promise<GivenAnswer | null> {
  const value = await read(`the changed data as JSON; ${later}: `, ask, say, (text) => parseArgument('the data', text));
  return value === null ? null : withComment({ decision: 'modify', value: value.read }, ask);
}

async function withComment(given: GivenAnswer, ask: Ask): Promise<GivenAnswer> {
  const comment = (await ask('comment, Enter for none: ')).trim();
  return comment === '' ? given : { ...given, comment };
}

async function choice(choices: readonly string[], ask: Ask, say: (line: string) => void): Promise<GivenAnswer | null> {
  for (const [place, text] of choices.entries()) say(`  ${place + 1}  ${text}`);
  for (;;) {
    const reply = (await ask(`the number of a choice; ${later}: `)).trim();
    if (reply === '') return null;
    const value = choices.find((text) => text === reply) ?? choices[Number(reply) - 1];
    if (value !== undefined) return { decision: 'answer', value };
    say(`'${reply}' is none of the choices.`);
  }
}

/** A form with properties is asked for field by field; anything else is one value. */
async function entry(form: JsonObject | null, ask: Ask, say: (line: string) => void): Promise<GivenAnswer | null> {
  const fields = Object.entries(asObject(form?.properties));
  if (fields.length === 0) {
    const value = await readValue(`the value${kindOf(form)}; ${later}: `, form, ask, say);
    return value === null ? null : { decision: 'answer', value: value.read };
  }
  const required = new Set(Array.isArray(form?.required) ? form.required : []);
  const value: Record<string, Json> = {};
  for (const [name, schema] of fields) {
    const field = asObject(schema);
    const isRequired = required.has(name);
    const given = await readValue(
      `${name}${kindOf(field)}; Enter = ${isRequired ? 'later' : 'none'}: `,
      field,
      ask,
      say,
    );
    if (given !== null) value[name] = given.read;
    else if (isRequired) return null;
  }
  return { decision: 'answer', value };
}

interface Read {
  readonly read: Json;
}

async function readValue(
  question: string,
  schema: JsonObject | null,
  ask: Ask,
  say: (line: string) => void,
): Promise<Read | null> {
  return read(question, ask, say, (text) => (schema?.type === 'string' ? text : jsonOrText('the value', text)));
}

/** Asks until the reply can be read; null for an empty one. */
async function read(
  question: string,
  ask: Ask,
  say: (line: string) => void,
  parse: (text: string) => Json,
): Promise<Read | null> {
  for (;;) {
    const reply = (await ask(question)).trim();
    if (reply === '') return null;
    try {
      return { read: parse(reply) };
    } catch (error) {
      if (!isLlmteamError(error)) throw error;
      say(error.message);
    }
  }
}

/** ` (integer)`, ` ("a" | "b")` */
function kindOf(schema: JsonObject | null): string {
  if (Array.isArray(schema?.enum)) return ` (${schema.enum.map((one) => JSON.stringify(one)).join(' | ')})`;
  return typeof schema?.type === 'string' ? ` (${schema.type})` : '';
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
