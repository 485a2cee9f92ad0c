import type { Problem } from '@llmteam/contracts';
import type { Study } from './study.js';

/** One validation rule; yields every violation of it. No JSON value makes it throw. */
export type Rule = (study: Study) => Iterable<Problem>;
