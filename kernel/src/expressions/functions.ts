/** The language's functions and methods: those of CEL, some of its extensions for strings and encoders, `re` and `url.encode`. */

import { conversions, sizeOverloads } from './conversions.js';
import { encodings } from './encodings.js';
import type { Overload } from './overloads.js';
import { findPattern, textMethods } from './text-functions.js';
import { timeFunctions, timeMethods } from './time.js';

export type OverloadsByName = ReadonlyMap<string, readonly Overload[]>;

/** Called as `name(…)`; a dot in the name separates its namespace. */
export const functions: OverloadsByName = new Map(
  Object.entries({ ...conversions, ...timeFunctions, ...encodings, matches: [findPattern], re: [findPattern] }),
);

/** Called as `x.name(…)`; `x` is the first argument of an overload. */
export const methods: OverloadsByName = new Map(
  Object.entries({
    size: sizeOverloads,
    matches: [findPattern],
    ...textMethods,
    ...timeMethods,
  }),
);

/** Methods that bind a variable. Like `has(…)`, these are macros: they take arguments unevaluated. */
export const comprehensionNames = ['all', 'exists', 'exists_one', 'map', 'filter'] as const;
export type ComprehensionName = (typeof comprehensionNames)[number];
