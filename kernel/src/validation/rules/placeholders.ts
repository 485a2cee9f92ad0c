import { asObject, type Draft } from '../draft.js';
import type { Rule } from '../rule.js';
import { problem } from '../wording.js';

/** Warns of an `{input}` that, by the `input_schema`, is a field in one run and the whole input in another. */
export const placeholders: Rule = function* ({ draft, expressions }) {
  if (!mayHaveFieldInput(draft)) return;
  for (const { pointer, step, names } of expressions.texts) {
    if (step.step_id !== draft.entrypoint || !names.has('input')) continue;
    const meanings = "{input} is the field 'input' if the run's input has it, else the whole input";
    const advice = "write {.} for the whole input, or list 'input' as required in input_schema";
    yield problem('warning', 'AMBIGUOUS_PLACEHOLDER', pointer, `${step.subject}, config: ${meanings}; ${advice}`);
  }
};

/** Whether the schema describes the field but does not require it. */
function mayHaveFieldInput({ value }: Draft): boolean {
  const schema = asObject(value.input_schema);
  const properties = asObject(schema?.properties);
  if (schema === null || properties === null || !Object.hasOwn(properties, 'input')) return false;
  const isRequired = Array.isArray(schema.required) && schema.required.some((name) => name === 'input');
  return !(isRequired && schema.type === 'object');
}
