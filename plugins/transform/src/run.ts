import { type FiredPorts, isLlmteamError, type Json, LlmteamError, type StepContext } from '@llmteam/contracts';
import type { TransformConfig } from './config.js';

type Evaluate = StepContext['evaluate'];

/** Fires `output`. @throws LlmteamError `EXPRESSION_FAILED` if there is no `default`, `STEP_CONFIG_INVALID` */
export async function runTransform(
  context: Pick<StepContext, 'evaluate'>,
  config: TransformConfig,
): Promise<FiredPorts> {
  const valueAt = (pointer: string) => evaluateOrDefault((at) => context.evaluate(at), pointer, config.default);
  const { expression, mapping } = config;
  if ((expression === undefined) === (mapping === undefined)) {
    throw new LlmteamError('STEP_CONFIG_INVALID', 'transform: give exactly one of `expression` and `mapping`');
  }
  if (mapping === undefined) return { output: valueAt('/expression') };
  const entries = Object.keys(mapping).map((target) => [target, valueAt(`/mapping/${escapePointer(target)}`)]);
  return { output: Object.fromEntries(entries) };
}

function evaluateOrDefault(evaluate: Evaluate, pointer: string, fallback: Json | undefined): Json {
  if (fallback === undefined) return evaluate(pointer);
  try {
    return evaluate(pointer) ?? fallback;
  } catch (thrown) {
    if (isLlmteamError(thrown) && thrown.code === 'EXPRESSION_FAILED') return fallback;
    throw thrown;
  }
}

/** Escapes a key as one JSON Pointer token (RFC 6901, section 3). */
function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
