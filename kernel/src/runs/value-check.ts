import { type Json, LlmteamError } from '@llmteam/contracts';
import { sizeFault } from '../large-values/rough-size.js';
import { outOfBounds } from '../validation/json-bounds.js';

/** @throws LlmteamError `LIMIT_EXCEEDED` */
export function checkSize(what: string, value: Json): void {
  const excess = sizeFault(value);
  if (excess !== null) throw new LlmteamError('LIMIT_EXCEEDED', `${what} ${excess}`);
}

/** For values that no schema is checked against. @throws LlmteamError `LIMIT_EXCEEDED`, `INPUT_INVALID` */
export function checkValue(what: string, value: Json): void {
  checkSize(what, value);
  const problem = outOfBounds(value, what);
  if (problem === null) return;
  const code = problem.code === 'LIMIT_EXCEEDED' ? problem.code : 'INPUT_INVALID';
  const place = problem.path === '' ? '' : ` (at ${problem.path})`;
  throw new LlmteamError(code, problem.message + place);
}
