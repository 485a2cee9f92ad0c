import type { ProblemCode } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import type { Draft } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import { onePerCause } from '../schemas/causes.js';
import { identifierPattern } from '../schemas/pattern-words.js';
import { schemaProblems } from '../schemas/schema-problems.js';
import { segmentErrors } from '../schemas/segment-errors.js';
import { error } from '../wording.js';

/** The segment matches the contract's schema: keys, types, ranges, the format of ids. */
export const structure: Rule = function* ({ draft, closest }) {
  const { value } = draft;
  if (Array.isArray(value.steps) && value.steps.length === 0) {
    yield error('EMPTY_SEGMENT', '/steps', 'the segment has no steps');
  }
  const context = { base: '', closest, subject: (tokens: readonly string[]) => subjectOf(tokens, draft), code: codeOf };
  for (const errors of segmentErrors(value)) {
    yield* schemaProblems(onePerCause(errors), context);
    yield pause;
  }
};

function subjectOf([list, index]: readonly string[], draft: Draft): { name: string; depth: number } {
  const members = new Map<string, readonly { readonly subject: string }[]>([
    ['steps', draft.steps],
    ['edges', draft.edges],
  ]);
  const member = members.get(list ?? '')?.[Number(index)];
  return member === undefined ? { name: 'segment', depth: 0 } : { name: member.subject, depth: 2 };
}

/** Step references and types are checked by the rules that resolve them. */
const references = /^\/(?:entrypoint|steps\/\d+\/type|edges\/\d+\/(?:from|to))$/;

function codeOf({ keyword, instancePath, parentSchema }: ErrorObject, usual: ProblemCode): ProblemCode | null {
  if (keyword !== 'pattern' && keyword !== 'maxLength') return usual;
  if (references.test(instancePath)) return null;
  return parentSchema?.pattern === identifierPattern ? 'INVALID_ID_FORMAT' : usual;
}
