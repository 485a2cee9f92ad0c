import { freeze_run, outstanding_effects, type Run, thaw_run } from '@llmteam/kernel';
import * as assert from 'uvu/assert';

/** The run as it comes back from its snapshot's JSON text; it must still need done what it needed before. */
export function thawed(run: Run): Run {
  const wanted = JSON.stringify(outstanding_effects(run));
  const back = thaw_run(run.plan, JSON.parse(JSON.stringify(freeze_run(run))));
  if (back === null) throw new Error(`the snapshot of run '${run.state.key.run_id}' was not taken`);
  assert.is(JSON.stringify(outstanding_effects(back)), wanted);
  return back;
}
