/** The functions and methods of the language: CEL's, those of its strings extension that are named here, and `re`. */

import { conversions, size_overloads } from './conversions.js';
import type { Overload } from './overloads.js';
import { find_pattern, text_methods } from './text-functions.js';
import { time_functions, time_methods } from './time.js';

export type OverloadsByName = ReadonlyMap<string, readonly Overload[]>;

/** Called as `name(…)`. */
export const functions: OverloadsByName = new Map(
  Object.entries({ ...conversions, ...time_functions, matches: [find_pattern], re: [find_pattern] }),
);

/** Called as `x.name(…)`; the first value an overload takes is `x`. */
export const methods: OverloadsByName = new Map(
  Object.entries({
    size: size_overloads,
    matches: [find_pattern],
    ...text_methods,
    ...time_methods,
  }),
);

/** Methods that bind a variable; `has(…)` and these are no functions: they look at how an argument is written. */
export const comprehension_names = ['all', 'exists', 'exists_one', 'map', 'filter'] as const;
export type ComprehensionName = (typeof comprehension_names)[number];
