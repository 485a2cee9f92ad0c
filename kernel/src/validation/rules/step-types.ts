import type { Problem } from '@llmteam/contracts';
import semver from 'semver';
import { bare_type } from '../../engine/plan.js';
import type { DraftStep } from '../draft.js';
import type { Rule } from '../rule.js';
import { identifier_form, identifier_pattern } from '../schemas/identifier.js';
import type { Study } from '../study.js';
import { error, hint, listed, quoted } from '../wording.js';

const identifier = new RegExp(String(identifier_pattern));

/** The type of a step as written: its form, the type id, the version range. */
export const step_types: Rule = function* (study) {
  for (const step of study.draft.steps) {
    if (step.type !== null) yield* check_type(step, step.type, study);
  }
};

function* check_type(step: DraftStep, type: string, { context, closest }: Study): Iterable<Problem> {
  const { choice, subject } = step;
  if (choice === null || choice.kind === 'found') return;
  const path = `${step.pointer}/type`;
  const type_id = bare_type(type);
  if (choice.kind === 'unknown_version') {
    const range = type.slice(type_id.length + 1);
    const fault = semver.validRange(range) === null ? 'is not a version range' : 'fits no installed version';
    const versions = listed(choice.versions, 'and');
    const message = `${subject}: ${quoted(range)} ${fault} of ${quoted(type_id)}; installed: ${versions}`;
    yield error('UNKNOWN_VERSION', path, message, choice.versions[0] && `${type_id}@${choice.versions[0]}`);
    return;
  }
  const known = context.catalog.type_ids();
  const suggestion = closest.find(type_id, known);
  if (!identifier.test(type_id)) {
    yield error(
      'INVALID_ID_FORMAT',
      path,
      `${subject}: ${quoted(type)} is no step type (${identifier_form})${hint(suggestion)}`,
      suggestion,
    );
    return;
  }
  const message = `${subject}: there is no step type ${quoted(type_id)}${hint(suggestion, known)}`;
  yield error('UNKNOWN_TYPE', path, message, suggestion);
}
