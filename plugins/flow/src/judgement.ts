import type { Json, JsonObject } from '@llmteam/contracts';
import { isList, isObject, kindOf } from './json.js';

const verdicts = ['approved', 'revise', 'rejected'] as const;
export type Verdict = (typeof verdicts)[number];

/** The result of one `critic_loop` iteration. */
export interface Judgement {
  readonly output: Json;
  readonly score: number;
  readonly verdict: Verdict;
  readonly feedback: string | null;
  readonly suggestions: readonly Json[];
}

/** Returns the judgement, or a message saying what is wrong with it. Null means absent, except in `output`. */
export function readJudgement(value: Json): Judgement | string {
  if (value === null) return 'nothing came back on `next`';
  if (!isObject(value)) return `\`next\` needs {output, score, verdict, feedback, suggestions}, got ${kindOf(value)}`;
  if (value.output === undefined) return '`output` is missing in what came back on `next`';
  const score = value.score ?? null;
  if (score === null) return '`score` is missing in what came back on `next`';
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) return wrong('score', 'a number from 0 to 1', score);
  return withAdvice(value, value.output, score);
}

function withAdvice(value: JsonObject, output: Json, score: number): Judgement | string {
  const given = value.verdict ?? 'revise';
  const verdict = verdicts.find((one) => one === given);
  if (verdict === undefined) return wrong('verdict', 'approved, revise or rejected', given);
  const feedback = value.feedback ?? null;
  if (feedback !== null && typeof feedback !== 'string') return wrong('feedback', 'a string', feedback);
  const suggestions = value.suggestions ?? [];
  if (!isList(suggestions)) return wrong('suggestions', 'a list', suggestions);
  return { output, score, verdict, feedback, suggestions };
}

function wrong(key: string, expected: string, given: Json): string {
  const shown =
    typeof given === 'number' || typeof given === 'string' ? JSON.stringify(given).slice(0, 100) : kindOf(given);
  return `\`${key}\` that came back on \`next\` must be ${expected}, is ${shown}`;
}
