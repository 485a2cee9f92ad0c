import { type Json, type JsonObject, LlmteamError, type ModelRequest, type ModelResponse } from '@llmteam/contracts';
import { jsonIn } from './json-answer.js';
import { problemsOf } from './output-schema.js';

const shownCharacters = 200;
const quotedCharacters = 80;

interface Answer {
  readonly response: ModelResponse;
  readonly redact: ModelRequest['redact'];
}

/**
 * The JSON value of an answer.
 * @throws LlmteamError `LLM_OUTPUT_INVALID`, also for an answer that was cut off, whether or not it parses; the message
 * and `details` contain the start of the answer.
 */
export function parseAnswer(answer: Answer, schema: JsonObject | undefined): Json {
  if (answer.response.finish_reason === 'length') {
    throw invalid(answer, 'was cut off at the maximum length (`max_tokens`)');
  }
  const value = parsed(answer);
  const problems = schema === undefined ? [] : problemsOf(schema, value);
  if (problems.length > 0) {
    throw invalid(answer, `does not match \`output_schema\`: ${problems.join('; ')}`, { problems });
  }
  return value;
}

function parsed(answer: Answer): Json {
  try {
    return jsonIn(answer.response.text);
  } catch (cause) {
    const { message } = cause as Error;
    const problem = cause instanceof SyntaxError ? `is not JSON: ${message}` : `cannot be used: ${message}`;
    throw invalid(answer, problem, {}, cause);
  }
}

function invalid(
  { response, redact }: Answer,
  problem: string,
  details: JsonObject = {},
  cause?: unknown,
): LlmteamError {
  const { model, finish_reason } = response;
  const text = redact(response.text);
  const rest = text.length > quotedCharacters ? '…' : '';
  const start = `${JSON.stringify(text.slice(0, quotedCharacters))}${rest}`;
  return new LlmteamError('LLM_OUTPUT_INVALID', `the answer of '${model}' ${problem}; it begins ${start}`, {
    cause,
    details: { ...details, finish_reason, answer_start: text.slice(0, shownCharacters) },
  });
}
