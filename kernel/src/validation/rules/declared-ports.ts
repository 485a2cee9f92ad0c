import type { Json, Problem } from '@llmteam/contracts';
import { configPlaces } from '../config-places.js';
import type { DraftStep } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import { identifierForm, identifierPattern } from '../schemas/pattern-words.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { configuredPorts, failurePort } from '../step-ports.js';
import { error, problem, quoted } from '../wording.js';

const portName = new RegExp(String(identifierPattern));

/** Ports that a step adds to those of its type have valid names, and names that are not taken. */
export const declaredPorts: Rule = function* (analysis) {
  for (const step of analysis.draft.steps) {
    yield pause;
    yield* portsOfConfig(step, analysis);
    yield* portsOfStep(step, analysis);
  }
};

/** Some types take port names from their config, e.g. from the cases of a switch. */
function* portsOfConfig(step: DraftStep, { context, configProblems }: SegmentAnalysis): Iterable<Problem> {
  const wrong = (configuredPorts(step, 'output', configProblems) ?? []).filter((name) => faultOf(name) !== null);
  if (wrong.length === 0) return;
  const places = new Map<Json, string>();
  for (const { value, pointer } of configPlaces(step, context)) if (!places.has(value)) places.set(value, pointer);
  for (const name of wrong) {
    const pointer = places.get(name) ?? `${step.pointer}/config`;
    yield error('SCHEMA_VIOLATION', pointer, `${step.subject}, config: the port ${quoted(name)} ${faultOf(name)}`);
  }
}

function faultOf(name: string): string | null {
  if (name === failurePort) return "cannot be called 'error': that port takes the failure of the step";
  // The rule about values refuses a template.
  return name === '*' || name.includes('${') || portName.test(name) ? null : `has an invalid name (${identifierForm})`;
}

/** Warns about names in `ports` that the step has anyway. Their form is checked with the structure of the segment. */
function* portsOfStep(step: DraftStep, { configProblems }: SegmentAnalysis): Iterable<Problem> {
  const { entry } = step;
  if (entry === null) return;
  for (const direction of ['input', 'output'] as const) {
    const byType = entry.metadata[`${direction}_ports`].map((port) => port.name);
    const byConfig = configuredPorts(step, direction, configProblems) ?? [];
    const taken = new Set([...byType, ...byConfig, ...(direction === 'output' ? [failurePort] : [])]);
    for (const [index, name] of step[`${direction}_ports`].entries()) {
      if (!taken.has(name)) continue;
      const message = `${step.subject}: it has the ${direction} port ${quoted(name)} anyway; remove it from 'ports'`;
      yield problem('warning', 'DUPLICATE_ID', `${step.pointer}/ports/${direction}/${index}`, message);
    }
  }
}
