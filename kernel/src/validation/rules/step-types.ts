import type { Problem } from '@llmteam/contracts';
import semver from 'semver';
import { bareType } from '../../engine/step-plan.js';
import type { DraftStep } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import { identifierForm, identifierPattern } from '../schemas/pattern-words.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { error, hint, listed, quoted } from '../wording.js';

const identifier = new RegExp(String(identifierPattern));

/** The `type` of a step has the right form, a known type id and a version range that an installed version satisfies. */
export const stepTypes: Rule = function* (analysis) {
  for (const step of analysis.draft.steps) {
    if (step.type !== null) yield* checkType(step, step.type, analysis);
    yield pause;
  }
};

/** What is wrong with the type of a step, or of an inner step that is read as one. */
export function* checkType(step: DraftStep, type: string, { context, closest }: SegmentAnalysis): Iterable<Problem> {
  const { choice, subject } = step;
  if (choice === null || choice.kind === 'found') return;
  const path = `${step.pointer}/type`;
  const typeId = bareType(type);
  if (choice.kind === 'unknown_version') {
    const range = type.slice(typeId.length + 1);
    const fault =
      range === '' || semver.validRange(range) === null ? 'is not a version range' : 'fits no installed version';
    const versions = listed(choice.versions, 'and');
    const message = `${subject}: ${quoted(range)} ${fault} of ${quoted(typeId)}; installed: ${versions}`;
    yield error('UNKNOWN_VERSION', path, message, choice.versions[0] && `${typeId}@${choice.versions[0]}`);
    return;
  }
  const known = context.catalog.typeIds();
  const suggestion = closest.find(typeId, known);
  if (!identifier.test(typeId)) {
    yield error(
      'INVALID_ID_FORMAT',
      path,
      `${subject}: ${quoted(type)} is not a valid step type (${identifierForm})${hint(suggestion)}`,
      suggestion,
    );
    return;
  }
  const message = `${subject}: there is no step type ${quoted(typeId)}${hint(suggestion, known)}`;
  yield error('UNKNOWN_TYPE', path, message, suggestion);
}
