import { outstandingEffects, type Run, restoreRun, takeSnapshot } from '@llmteam/kernel';
import * as assert from 'uvu/assert';

/** The run restored from the JSON text of its snapshot; its pending effects must be the same as before. */
export function thawed(run: Run): Run {
  const wanted = JSON.stringify(outstandingEffects(run));
  const back = restoreRun(run.plan, JSON.parse(JSON.stringify(takeSnapshot(run))));
  if (back === null) throw new Error(`the snapshot of run '${run.state.key.run_id}' was not taken`);
  assert.is(JSON.stringify(outstandingEffects(back)), wanted);
  return back;
}
