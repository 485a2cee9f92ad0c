import type { JsonObject, Problem, StepTypeMetadata } from '@llmteam/contracts';
import type { CatalogEntry } from '../../catalog/step-catalog.js';
import { asObject, type DraftStep } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import { error, quoted } from '../wording.js';

type OptionKey = 'retry' | 'timeout_seconds' | 'queue_timeout_seconds';

/** Which of the options that limit or repeat a step its type honors, and what to do where it does not. */
const options: Readonly<
  Record<OptionKey, { isHonored(entry: CatalogEntry): boolean; instead(entry: CatalogEntry): string }>
> = {
  retry: {
    isHonored: ({ metadata }) => metadata.supports_retry,
    instead: () => 'retry the steps before it, or remove the key',
  },
  timeout_seconds: {
    isHonored: ({ metadata }) => metadata.supports_timeout,
    instead: ({ metadata }) => ownTimeout(metadata),
  },
  queue_timeout_seconds: {
    isHonored: ({ control }) => control === null,
    instead: () => 'it runs in the engine and waits for no worker; remove the key',
  },
};

/** A step sets only the options that its type honors: none is ignored silently. */
export const stepOptions: Rule = function* ({ draft }) {
  const steps = Array.isArray(draft.value.steps) ? draft.value.steps : [];
  for (const step of draft.steps) {
    yield pause;
    const written = asObject(steps[step.index]);
    if (written !== null && step.entry !== null) yield* ignoredOptions(step, step.entry, written);
  }
};

function* ignoredOptions(step: DraftStep, entry: CatalogEntry, written: JsonObject): Iterable<Problem> {
  for (const [key, { isHonored, instead }] of Object.entries(options)) {
    if (written[key] === undefined || isHonored(entry)) continue;
    const type = quoted(entry.metadata.type_id);
    const message = `${step.subject}: ${quoted(key)} has no effect on a step of type ${type}; ${instead(entry)}`;
    yield error('UNSUPPORTED_OPTION', `${step.pointer}/${key}`, message);
  }
}

/** Some types have a limit of their own in their config. */
function ownTimeout({ config_schema }: StepTypeMetadata): string {
  const keys = Object.keys(asObject(config_schema.properties) ?? {});
  const own = keys.find((key) => key.startsWith('timeout_'));
  return own === undefined
    ? 'limit the steps around it, or the run with params.timeout_seconds'
    : `set ${quoted(own)} in its config`;
}
