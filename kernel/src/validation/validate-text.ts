import { Buffer } from 'node:buffer';
import { caps, type Json, type Problem, type Segment } from '@llmteam/contracts';
import { parentPointer } from '../json/json-pointer.js';
import { type LocatePointer, locatePointers } from '../json/locate-pointers.js';
import { parseJson } from '../json/parse-json.js';
import { validateSegment } from './validate-segment.js';
import type { ValidationContext } from './validation-context.js';
import { error } from './wording.js';

export interface ValidatedText {
  /** null if any problem is an error. */
  readonly segment: Segment | null;
  /** In document order, each with its line. */
  readonly problems: readonly Problem[];
}

/**
 * Parses and validates a segment file. A file larger than `caps.segment_bytes` is not parsed; that is its only problem.
 * @throws LlmteamError `JSON_INVALID` with line and column if the text is not JSON
 */
export function validateText(text: string, context: ValidationContext): ValidatedText {
  const bytes = Buffer.byteLength(text);
  if (bytes > caps.segment_bytes) {
    const message = `the segment has ${bytes} bytes, at most ${caps.segment_bytes} are allowed`;
    return { segment: null, problems: [{ ...error('LIMIT_EXCEEDED', '', message), line: 1 }] };
  }
  const value = parseJson(text, { maxBytes: caps.segment_bytes });
  const locate = locatePointers(text);
  const problems = validateSegment(value, context).map((found) => ({ ...found, line: lineOf(found.path, locate) }));
  const isValid = problems.every((found) => found.severity !== 'error');
  return { segment: isValid ? asSegment(value) : null, problems };
}

/** For a missing member, the line of its nearest existing ancestor. */
function lineOf(pointer: string, locate: LocatePointer): number {
  for (let at = pointer; at !== ''; at = parentPointer(at)) {
    const line = locate(at);
    if (line !== undefined) return line;
  }
  return locate('') ?? 1;
}

/** Safe because the structure rule found no errors. */
function asSegment(value: Json): Segment {
  return value as unknown as Segment;
}
