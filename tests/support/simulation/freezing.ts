import { outstandingEffects, type Run, restoreRun, takeSnapshot } from '@llmteam/kernel';
import * as assert from 'uvu/assert';

/** The run as it comes back from its snapshot's JSON text; it must still need done what it needed before. */
export function thawed(run: Run): Run {
  const wanted = JSON.stringify(outstandingEffects(run));
  const back = restoreRun(run.plan, JSON.parse(JSON.stringify(takeSnapshot(run))));
  if (back === null) throw new Error(`the snapshot of run '${run.state.key.run_id}' was not taken`);
  assert.is(JSON.stringify(outstandingEffects(back)), wanted);
  return back;
}
