import { type FiredPorts, is_llmteam_error, type Json, LlmteamError, type StepContext } from '@llmteam/contracts';
import type { TransformConfig } from './config.js';

type Evaluate = StepContext['evaluate'];

/** Fires `output`. @throws LlmteamError `EXPRESSION_FAILED` if there is no `default`, `STEP_CONFIG_INVALID` */
export async function run_transform(
  context: Pick<StepContext, 'evaluate'>,
  config: TransformConfig,
): Promise<FiredPorts> {
  const value_at = (pointer: string) => evaluate_or_default((at) => context.evaluate(at), pointer, config.default);
  const { expression, mapping } = config;
  if ((expression === undefined) === (mapping === undefined)) {
    throw new LlmteamError('STEP_CONFIG_INVALID', 'transform: give exactly one of `expression` and `mapping`');
  }
  if (mapping === undefined) return { output: value_at('/expression') };
  const entries = Object.keys(mapping).map((target) => [target, value_at(`/mapping/${escape_pointer(target)}`)]);
  return { output: Object.fromEntries(entries) };
}

function evaluate_or_default(evaluate: Evaluate, pointer: string, fallback: Json | undefined): Json {
  if (fallback === undefined) return evaluate(pointer);
  try {
    return evaluate(pointer) ?? fallback;
  } catch (thrown) {
    if (is_llmteam_error(thrown) && thrown.code === 'EXPRESSION_FAILED') return fallback;
    throw thrown;
  }
}

/** A key as one token of a JSON Pointer (RFC 6901, section 3). */
function escape_pointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
