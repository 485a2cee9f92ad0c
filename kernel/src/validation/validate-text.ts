import { Buffer } from 'node:buffer';
import { caps, type Json, type Problem, type Segment } from '@llmteam/contracts';
import { parentPointer } from '../json/json-pointer.js';
import { type LocatePointer, locating } from '../json/locate-pointers.js';
import { parsing } from '../json/parse-json.js';
import { finish, finishInSlices, type Work } from '../slices/slices.js';
import { validating } from './validate-segment.js';
import type { ValidationContext } from './validation-context.js';
import { error } from './wording.js';

export interface ValidatedText {
  /** null if any problem is an error. */
  readonly segment: Segment | null;
  /** In document order, each with its line. */
  readonly problems: readonly Problem[];
}

/** A segment in some notation: its value, and how to find the lines of its parts. */
export interface SegmentNotation {
  /** @throws LlmteamError with line and column if the text is not in this notation; the value must be JSON within the caps */
  parse(text: string): Work<Json>;
  locate(text: string): Work<LocatePointer>;
}

export const jsonNotation: SegmentNotation = {
  parse: (text) => parsing(text, { maxBytes: caps.segment_bytes }),
  locate: locating,
};

/** The value of a segment file, without validating it. @throws LlmteamError of `notation.parse` */
export function parsedFrom(text: string, notation: SegmentNotation): Json {
  return finish(notation.parse(text));
}

export function locatedIn(text: string, notation: SegmentNotation): LocatePointer {
  return finish(notation.locate(text));
}

/** What a segment is validated against, which may depend on what it refers to. */
export type ContextFor = (value: Json) => ValidationContext | Promise<ValidationContext>;

/**
 * Parses and validates a segment file. A file larger than `caps.segment_bytes` is not parsed; that is its only problem.
 * @throws LlmteamError `JSON_INVALID` with line and column if the text is not JSON
 */
export function validateText(text: string, context: ValidationContext): ValidatedText {
  const excess = tooLarge(text);
  if (excess !== null) return excess;
  return finish(validatingParsed(text, finish(jsonNotation.parse(text)), jsonNotation, context));
}

/**
 * Does what {@link validateText} does, for any notation, and without holding the event loop for long, however large the segment.
 * @throws LlmteamError of `notation.parse` or `contextFor`
 */
export async function validateTextInSlices(
  text: string,
  contextFor: ContextFor,
  notation: SegmentNotation = jsonNotation,
): Promise<ValidatedText> {
  const excess = tooLarge(text);
  if (excess !== null) return excess;
  const value = await finishInSlices(notation.parse(text));
  return finishInSlices(validatingParsed(text, value, notation, await contextFor(value)));
}

function tooLarge(text: string): ValidatedText | null {
  const bytes = Buffer.byteLength(text);
  if (bytes <= caps.segment_bytes) return null;
  const message = `the segment has ${bytes} bytes, at most ${caps.segment_bytes} are allowed`;
  return { segment: null, problems: [{ ...error('LIMIT_EXCEEDED', '', message), line: 1 }] };
}

function* validatingParsed(
  text: string,
  value: Json,
  notation: SegmentNotation,
  context: ValidationContext,
): Work<ValidatedText> {
  const found = yield* validating(value, context);
  if (found.length === 0) return { segment: asSegment(value), problems: found };
  const locate = yield* notation.locate(text);
  const problems = found.map((one) => ({ ...one, line: lineOf(one.path, locate) }));
  const isValid = problems.every(({ severity }) => severity !== 'error');
  return { segment: isValid ? asSegment(value) : null, problems };
}

/** For a missing member, the line of its nearest existing ancestor. */
export function lineOf(pointer: string, locate: LocatePointer): number {
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
