import type { JsonObject, Problem } from '@llmteam/contracts';
import { excludedKey } from '../closed-input.js';
import { asObject } from '../draft.js';
import type { PlacedText } from '../expression-places.js';
import { pause, type Rule } from '../rule.js';
import { readsRunInput } from '../run-input.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { error, hint, problem, quoted } from '../wording.js';

/** Each `{name}` of the first step, whose input is that of the run, means one thing and can be filled in by the `input_schema`. */
export const placeholders: Rule = function* (analysis) {
  const { inputSchema, expressions } = analysis;
  if (inputSchema === null) return;
  const isAmbiguous = mayHaveFieldInput(inputSchema);
  for (const text of expressions.texts) {
    yield pause;
    if (!readsRunInput(text.step, analysis)) continue;
    if (isAmbiguous && text.names.has('input')) yield ambiguous(text);
    yield* excludedNames(text, inputSchema, analysis);
  }
};

/** Whether the schema describes the field but does not require it. */
function mayHaveFieldInput({ type, properties, required }: JsonObject): boolean {
  if (!Object.hasOwn(asObject(properties) ?? {}, 'input')) return false;
  const isRequired = Array.isArray(required) && required.some((name) => name === 'input');
  return !(isRequired && type === 'object');
}

/** `{input}` is a field in one run and the whole input in another. */
function ambiguous({ pointer, step }: PlacedText): Problem {
  const meanings = "{input} is the field 'input' if the run's input has it, else the whole input";
  const advice = "write {.} for the whole input, or list 'input' as required in input_schema";
  return problem('warning', 'AMBIGUOUS_PLACEHOLDER', pointer, `${step.subject}, config: ${meanings}; ${advice}`);
}

function* excludedNames(
  { pointer, path, step, names }: PlacedText,
  inputSchema: JsonObject,
  { closest }: SegmentAnalysis,
): Iterable<Problem> {
  for (const name of names) {
    // Both may be the whole input.
    if (name === '.' || name === 'input') continue;
    const excluded = excludedKey(inputSchema, [name]);
    if (excluded === null) continue;
    const suggestion = closest.find(name, excluded.known);
    const known = hint(suggestion, excluded.known, 'it allows');
    const message = `${step.subject}, config: ${quoted(path.join('.'))} has {${name}}, which input_schema does not allow${known}`;
    yield error('UNKNOWN_VARIABLE', pointer, message, suggestion);
  }
}
