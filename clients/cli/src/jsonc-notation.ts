import { isLlmteamError, LlmteamError } from '@llmteam/contracts';
import { jsonNotation, type SegmentNotation } from '@llmteam/kernel';
import stripJsonComments from 'strip-json-comments';

/** JSON with comments and trailing commas, which are blanked out so that lines and columns stay the same. */
export const jsoncNotation: SegmentNotation = {
  *parse(text) {
    try {
      return yield* jsonNotation.parse(plainJson(text));
    } catch (thrown) {
      throw aboutComment(thrown, text);
    }
  },
  locate: (text) => jsonNotation.locate(plainJson(text)),
};

function plainJson(text: string): string {
  return stripJsonComments(text, { trailingCommas: true });
}

/** A comment that is still there has no end, or is none of this notation. Any other error is returned as it is. */
function aboutComment(thrown: unknown, text: string): unknown {
  if (!isLlmteamError(thrown) || thrown.details?.syntax !== 'comment') return thrown;
  const { line, column } = thrown.details;
  const isOpen = text.split('\n')[Number(line) - 1]?.[Number(column) - 1] === '/';
  const what = isOpen ? "the comment that begins here has no '*/'" : "a comment begins with '//' or '/*', not with '#'";
  const message = `${what} at line ${line}, column ${column}`;
  return new LlmteamError('JSON_INVALID', message, {
    cause: thrown,
    details: { line: line ?? 1, column: column ?? 1 },
  });
}
