/** The functions and methods of the language: CEL's, those of its strings extension that are named here, and `re`. */

import { conversions, sizeOverloads } from './conversions.js';
import type { Overload } from './overloads.js';
import { findPattern, textMethods } from './text-functions.js';
import { timeFunctions, timeMethods } from './time.js';

export type OverloadsByName = ReadonlyMap<string, readonly Overload[]>;

/** Called as `name(…)`. */
export const functions: OverloadsByName = new Map(
  Object.entries({ ...conversions, ...timeFunctions, matches: [findPattern], re: [findPattern] }),
);

/** Called as `x.name(…)`; the first value an overload takes is `x`. */
export const methods: OverloadsByName = new Map(
  Object.entries({
    size: sizeOverloads,
    matches: [findPattern],
    ...textMethods,
    ...timeMethods,
  }),
);

/** Methods that bind a variable; `has(…)` and these are no functions: they look at how an argument is written. */
export const comprehensionNames = ['all', 'exists', 'exists_one', 'map', 'filter'] as const;
export type ComprehensionName = (typeof comprehensionNames)[number];
