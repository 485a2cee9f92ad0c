/** What a model answered or threw, as the rest of the runtime relies on it: a whole answer, or an error whose code says whether to try again. */
import {
  type Json,
  type LanguageModel,
  LlmteamError,
  type ModelRequest,
  type ModelResponse,
  type ToolCall,
  toErrorInfo,
  Usage,
} from '@llmteam/contracts';
import { sizeFault } from '../large-values/rough-size.js';
import { jsonCopy } from '../plugins/json-copy.js';
import { contractFaults } from '../validation/contract-faults.js';
import { makeAjv } from '../validation/schemas/ajv.js';
import { jsonFault, withoutUndefined } from './json-guard.js';

const ajv = makeAjv();
const texts = ['text', 'model', 'finish_reason'] as const;
const callFields = ['call_id', 'name', 'arguments'] as const;
/** Codes for what went wrong on the way to an answer. Any other code is meant as it is. */
const failures: readonly string[] = [
  'STEP_FAILED',
  'STEP_RESULT_INVALID',
  'STEP_CRASHED',
  'LIMIT_EXCEEDED',
  'HTTP_FAILED',
];

/** A call of `generate` that ends with one of the two. @throws LlmteamError `LLM_FAILED` for anything that is not an answer */
export async function guardedGenerate(
  provider: string,
  model: LanguageModel,
  { onToken, ...request }: ModelRequest,
): Promise<ModelResponse> {
  const { signal } = request;
  const tell = (text: unknown) => {
    if (typeof text === 'string' && !signal.aborted) onToken?.(text);
  };
  try {
    const answered: unknown = await model.generate({ ...request, ...(onToken !== undefined && { onToken: tell }) });
    return checkedResponse(provider, withoutUndefined(jsonCopy(answered)));
  } catch (thrown) {
    throw signal.aborted ? signal.reason : modelError(provider, thrown);
  }
}

/** What a provider threw while it made or asked a model. Whatever it is, it can be told. */
export function modelError(provider: string, thrown: unknown): LlmteamError {
  const { error_code, error_message, recoverable, details = {} } = toErrorInfo(thrown);
  const { usage, ...others } = details;
  const options = { cause: thrown, details: ajv.validate(Usage, usage) ? details : others };
  if (!failures.includes(error_code)) return new LlmteamError(error_code, error_message, { ...options, recoverable });
  return new LlmteamError('LLM_FAILED', `the provider '${provider}' failed: ${error_message}`, options);
}

function checkedResponse(provider: string, answered: unknown): ModelResponse {
  const fault = responseFault(answered);
  if (fault === null) return answered as ModelResponse;
  // An answer that cannot be used may be paid for all the same.
  const { usage } = (answered ?? {}) as { readonly usage?: Json };
  const options = ajv.validate(Usage, usage) ? { details: { usage: usage as Json } } : {};
  throw new LlmteamError('LLM_FAILED', `the provider '${provider}' gave no valid answer: ${fault}`, options);
}

function responseFault(answered: unknown): string | null {
  if (typeof answered !== 'object' || answered === null) return 'it is not an object';
  const fault = jsonFault(answered);
  if (fault !== null) return fault;
  const response = answered as Partial<Record<keyof ModelResponse, unknown>>;
  const wrong = texts.find((name) => typeof response[name] !== 'string');
  if (wrong !== undefined) return `'${wrong}' must be a text`;
  if (!['undefined', 'string'].includes(typeof response.reasoning)) return "'reasoning' must be a text";
  if (!areToolCalls(response.tool_calls ?? []))
    return "'tool_calls' must be a list of calls, all of whose fields are texts";
  if (ajv.validate(Usage, response.usage)) return sizeFault(answered as Json);
  const faults = contractFaults(Usage, response.usage, 'usage');
  return faults.map(({ message }) => message).join('; ');
}

function areToolCalls(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  return value.every((call: Partial<Record<keyof ToolCall, unknown>> | null) =>
    callFields.every((name) => typeof call?.[name] === 'string'),
  );
}
