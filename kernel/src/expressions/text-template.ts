/**
 * Purpose: texts that the config schema marks `x-template`: fixed text, `${ CEL }` and `{name}`, told apart once and filled
 * in one pass.
 * Invariants:
 * X1 A value that is filled in is never searched for `${` or braces, wherever it comes from.
 * X2 A template whose expressions were evaluated is a template again, of string constants, with the same result. So the
 *    engine evaluates the expressions, and the worker fills in the input.
 */
import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';
import type { CompiledExpression, Reference, Variables, WorkBudget } from '../engine/expression.js';
import { evaluationError } from './compiled-expression.js';
import { Filling, type Part, spliced } from './config-filling.js';
import { type Mark, readMarks } from './placeholders.js';

export interface TextTemplate {
  /** Fills in everything. @throws LlmteamError `EXPRESSION_FAILED`; `STEP_CONFIG_INVALID` for a name without a value */
  readonly expression: CompiledExpression;
  /** The names of its `{name}`. */
  readonly names: ReadonlySet<string>;
  /** The text with its expressions evaluated (X2). */
  readonly evaluated: Part;
}

/** `parts` are the fixed text as it is written, with `$${` as `${`, and the expressions. */
export function textTemplate(
  text: string,
  pointer: string,
  parts: readonly Part[],
  references: readonly Reference[],
): TextTemplate {
  const marks = readMarks(parts);
  const place = pointer.slice(1);
  const evaluate = (variables: Variables, budget?: WorkBudget): string => {
    const filling = new Filling(variables, budget);
    return marks.map((mark) => filledMark(mark, filling, variables.input ?? null, place)).join('');
  };
  return {
    expression: Object.freeze({ source: text, references, evaluate }),
    names: new Set(marks.flatMap((mark) => (mark.kind === 'name' ? mark.name : []))),
    evaluated: parts.every(({ kind }) => kind === 'fixed')
      ? { kind: 'fixed', value: text }
      : { kind: 'filled', fill: (filling) => parts.map((part) => asConstant(part, filling)).join('') },
  };
}

function asConstant(part: Part, filling: Filling): string {
  if (part.kind === 'fixed') return String(part.value).replaceAll('${', () => '$${');
  return `\${${JSON.stringify(spliced(part.fill(filling)))}}`;
}

/** The value of an expression that is a JSON string; undefined for any other. */
export function constantOf(source: string): string | undefined {
  if (!source.startsWith('"')) return undefined;
  try {
    return JSON.parse(source) as string;
  } catch {
    return undefined;
  }
}

function filledMark(mark: Mark, filling: Filling, input: Json, place: string): string {
  if (mark.kind === 'text') return mark.text;
  if (mark.kind === 'filled') return spliced(mark.fill(filling));
  const value = inputValue(mark.name, input, place);
  try {
    filling.add(value);
  } catch (thrown) {
    throw evaluationError(`{${mark.name}}`, thrown);
  }
  return spliced(value);
}

/** A field of the input; `.` is the whole input, and so is `input` unless there is a field of that name. */
function inputValue(name: string, input: Json, place: string): Json {
  if (name === '.') return input;
  const fields: JsonObject = isObject(input) ? input : {};
  if (Object.hasOwn(fields, name)) return fields[name] as Json;
  if (name === 'input') return input;
  const hint = `${fieldsText(input)}; for literal text write {{${name}}}`;
  throw new LlmteamError(
    'STEP_CONFIG_INVALID',
    `\`${place}\` has the placeholder {${name}}, but the step's input has no field '${name}': ${hint}`,
    { details: { placeholder: name } },
  );
}

function fieldsText(input: Json): string {
  if (!isObject(input)) return 'it is no object';
  const names = Object.keys(input);
  const more = names.length > 20 ? ', …' : '';
  return names.length === 0 ? 'it has none' : `it has ${names.slice(0, 20).join(', ')}${more}`;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
