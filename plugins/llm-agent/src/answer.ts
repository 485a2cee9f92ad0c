import { type Json, type JsonObject, LlmteamError, type ModelResponse, parseBoundedJson } from '@llmteam/contracts';
import { problemsOf } from './output-schema.js';

const fence = '```';
const shownCharacters = 200;

/**
 * Parses the answer as JSON, stripping a Markdown fence if there is one.
 * @throws LlmteamError `LLM_OUTPUT_INVALID`; `details` contain the problems and the start of the answer.
 */
export function parseAnswer(response: ModelResponse, schema: JsonObject | undefined): Json {
  const value = parsed(response);
  const problems = schema === undefined ? [] : problemsOf(schema, value);
  if (problems.length > 0) {
    throw invalid(response, `does not match \`output_schema\`: ${problems.join('; ')}`, { problems });
  }
  return value;
}

function parsed(response: ModelResponse): Json {
  try {
    return parseBoundedJson(withoutFence(response.text.trim()));
  } catch (cause) {
    // The parser's own message quotes the text, which may be sensitive.
    const problem = cause instanceof SyntaxError ? 'is not JSON' : `cannot be used: ${(cause as Error).message}`;
    throw invalid(response, problem, {}, cause);
  }
}

/** The text between the first fence line and the last fence; text around them is dropped. */
function withoutFence(text: string): string {
  if (/^[[{"]/.test(text)) return text;
  const opening = text.indexOf(fence);
  const closing = text.lastIndexOf(fence);
  const start = text.indexOf('\n', opening);
  return opening < 0 || start < 0 || start >= closing ? text : text.slice(start + 1, closing);
}

function invalid(response: ModelResponse, problem: string, details: JsonObject, cause?: unknown): LlmteamError {
  const cut = response.finish_reason === 'length' ? '; it was cut off at the maximum length (`max_tokens`)' : '';
  return new LlmteamError('LLM_OUTPUT_INVALID', `the answer of '${response.model}' ${problem}${cut}`, {
    cause,
    details: {
      ...details,
      finish_reason: response.finish_reason,
      answer_start: response.text.slice(0, shownCharacters),
    },
  });
}
