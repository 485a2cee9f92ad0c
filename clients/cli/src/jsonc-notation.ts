import { jsonNotation, type SegmentNotation } from '@llmteam/kernel';
import stripJsonComments from 'strip-json-comments';

/** JSON with comments and trailing commas, which are blanked out so that lines and columns stay the same. */
export const jsoncNotation: SegmentNotation = {
  parse: (text) => jsonNotation.parse(plainJson(text)),
  locate: (text) => jsonNotation.locate(plainJson(text)),
};

function plainJson(text: string): string {
  return stripJsonComments(text, { trailingCommas: true });
}
