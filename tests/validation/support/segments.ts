/** Segments for tests: concise, and valid unless a test breaks them. */
import type { Json, JsonObject, Problem, ProblemCode } from '@llmteam/contracts';
import { type ValidationContext, validateSegment } from '@llmteam/kernel';
import { testContext } from './test-catalog.js';

export type Draft = JsonObject;

/** A step, by default of type `echo`. */
export function step(stepId: string, more: JsonObject = {}): JsonObject {
  return { step_id: stepId, type: 'echo', ...more };
}

/** `'a.error -> b.extra'`; ports may be left out. */
export function edge(text: string, more: JsonObject = {}): JsonObject {
  const [from = '', to = ''] = text.split(' -> ');
  const [fromStep = '', fromPort] = from.split('.');
  const [toStep = '', toPort] = to.split('.');
  const ports = { ...(fromPort && { from_port: fromPort }), ...(toPort && { to_port: toPort }) };
  return { from: fromStep, ...ports, to: toStep, ...more };
}

/** A segment whose entrypoint is the first step. */
export function segment(
  steps: readonly JsonObject[],
  edges: readonly (string | JsonObject)[] = [],
  more: JsonObject = {},
) {
  const written = edges.map((one) => (typeof one === 'string' ? edge(one) : one));
  const entrypoint = String(steps[0]?.step_id ?? 'a');
  return { segment_id: 'test', name: 'Test', entrypoint, steps, edges: written, ...more } satisfies JsonObject;
}

/** A chain of `echo` steps. */
export function chain(...ids: readonly string[]): Draft {
  const edges = ids.slice(1).map((id, at) => `${ids[at]} -> ${id}`);
  return segment(
    ids.map((id) => step(id)),
    edges,
  );
}

export function problemsOf(value: unknown, context: ValidationContext = testContext()): Problem[] {
  return validateSegment(value, context);
}

export function codesOf(value: unknown, context?: ValidationContext): ProblemCode[] {
  return problemsOf(value, context).map((problem) => problem.code);
}

/** Severity, code and path of a problem, for comparison. */
export function briefly(problems: readonly Problem[]): string[] {
  return problems.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

/** A copy with the value at a path of keys replaced. */
export function withValue(value: Json, path: readonly (string | number)[], replacement: Json | undefined): JsonObject {
  const copy = structuredClone(value);
  let at = copy;
  for (const key of path.slice(0, -1)) at = Reflect.get(at as object, key);
  const last = path.at(-1) ?? '';
  if (replacement === undefined) Reflect.deleteProperty(at as object, last);
  else Reflect.set(at as object, last, replacement);
  return copy as JsonObject;
}
