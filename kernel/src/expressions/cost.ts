/**
 * The price of an expression's work in units; one unit is about a nanosecond of an ordinary core. Prices are worst cases measured by
 * `bench/rows/expressions.ts`: raise one that it shows to be too low. They decide which expressions fail, so changing one changes how an
 * old history near a limit replays.
 */
export const cost = {
  /** One evaluation, or one `${…}`. */
  evaluation: 500,
  /** One point of {@link weightOf}, per evaluation or comprehension step. */
  term: 18,
  step: 52,
  /** A failure that an operator absorbs. */
  failure: 1_200,
  /** A list literal. */
  list: 48,
  listElement: 24,
  /** One piece made by `split()`, one string taken by `join()`. */
  piece: 128,
  mapEntry: 128,
  /** A key of a map literal that looks like a number, which JavaScript keeps apart. */
  numericKey: 2_000,
  /** One pair of values compared by `==` or `in`. */
  comparison: 20,
  /** One value of a result that is converted to JSON. */
  jsonValue: 56,
  /** In addition, for a number with a fraction, and for a string. */
  jsonDouble: 48,
  jsonString: 96,
  /** Making a timestamp or a duration from numbers. */
  moment: 120,
  /** Setting up a search, or bytes. */
  search: 200,
  bytes: 400,
  /** Parsing or formatting a timestamp, a duration or a double. */
  format: 1_600,
} as const;

/** Prices per character, or byte. Fractions are multiples of 1/8, so that sums are exact. */
export const perCharacter = {
  /** Compared natively. */
  compared: 0.125,
  /** Read or hashed natively. */
  copied: 1,
  /** Written to a new string. */
  made: 2,
  /** Measured as JSON text, per byte of UTF-8; in addition if some characters need an escape. */
  json: 1.75,
  escapes: 5,
  /** Written as bytes or Base64. */
  encoded: 3.5,
  /** Searched for a part of two characters or more. */
  searched: 6,
  /** Visited one by one. */
  visited: 16,
  /** Written as `%E4` or with a callback. */
  escaped: 40,
} as const;

/** Regular expressions. */
export const patternCost = {
  match: 400,
  /** Per character, if the automaton is known to be small. */
  character: 24,
  /** Per character and instruction, if states of the automaton may have to be made while matching. */
  instruction: 400,
  /** A pattern only known at evaluation: a base price, and one per point of its estimated size. */
  compiled: 200_000,
  size: 3_000,
} as const;
