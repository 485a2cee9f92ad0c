import type { Problem } from '@llmteam/contracts';
import type { Study } from './study.js';

/** One law a segment must keep; gives every place where it does not. Never throws on any JSON. */
export type Rule = (study: Study) => Iterable<Problem>;
