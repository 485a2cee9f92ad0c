/** Lets a command take the beginning of the id of a run or a task instead of the whole id, as its first argument. */
import type { Action } from './syntax.js';

export function onRun(action: Action): Action {
  return async (settings, [text = '', ...args], options) => {
    const { withRunLike } = await import('../find-run.js');
    return withRunLike(settings, options.tenant, text, (id) => action(settings, [id, ...args], options));
  };
}

export function onTask(action: Action): Action {
  return async (settings, [text = '', ...args], options) => {
    const { withTaskLike } = await import('../find-run.js');
    return withTaskLike(settings, options.tenant, text, (id) => action(settings, [id, ...args], options));
  };
}
