/** The limits on the work of a run's expressions: they are counted, so every replay ends the same way. */
import { caps, type Segment } from '@llmteam/contracts';
import { evolve, outstandingEffects } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { epochMs } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';
import { begin, report } from './support/engine.js';

const decides: Segment = {
  segment_id: 'decides',
  name: 'Decides',
  entrypoint: 'first',
  steps: [
    { step_id: 'first', type: 'work' },
    { step_id: 'check', type: 'condition', config: { expression: 'size(string(input)) >= 0' } },
    { step_id: 'caught', type: 'work' },
  ],
  edges: [
    { from: 'first', to: 'check' },
    { from: 'check', from_port: 'error', to: 'caught' },
  ],
};

/** About a hundredth of what one entry may do. */
const list = `[${Array.from({ length: 100 }, (_, index) => index).join(',')}]`;
const costly = `\${size(${list}.map(a, ${list}.map(b, a + b)))}`;
const fans: Segment = {
  segment_id: 'fans',
  name: 'Fans',
  entrypoint: 'each',
  steps: [
    { step_id: 'each', type: 'map', config: { items: 'input', concurrency: 256 } },
    { step_id: 'work', type: 'work', config: { result: costly } },
  ],
  edges: [
    { from: 'each', from_port: 'body', to: 'work' },
    { from: 'work', to: 'each', to_port: 'next' },
  ],
};

spec('engine: work of expressions', (test) => {
  test('a run whose expressions have done too much ends, although an error edge catches the failure', () => {
    const { run } = begin(decides);
    run.state.expression_units = caps.expression_units_per_run - 1;
    evolve(run, report('first', { at: epochMs + 10 }));
    assert.is(run.state.status, 'failed');
    assert.is(run.state.error?.error_code, 'LIMIT_EXCEEDED');
  });

  test('an entry counts what its expressions did, and a replay counts the same', () => {
    const units = [1, 2].map(() => {
      const { run } = begin(decides);
      evolve(run, report('first', { at: epochMs + 10 }));
      return run.state.expression_units;
    });
    assert.ok(Number(units[0]) > 0);
    assert.is(units[0], units[1]);
  });

  test('jobs whose configs take much work to fill in are dispatched by and by, and none is lost', () => {
    const items = 256;
    const { run, outcome } = begin(fans, { input: Array.from({ length: items }, (_, index) => index) });
    const keys = (effects: typeof outcome.effects): string[] => {
      return effects.flatMap((effect) => (effect.kind === 'dispatch' ? [effect.job.step] : []));
    };
    const dispatched = keys(outcome.effects);
    assert.ok(dispatched.length > 1 && dispatched.length < items, `${dispatched.length} at once`);
    assert.is(keys(outstandingEffects(run)).length, dispatched.length, 'they can be dispatched again, however many');
    for (let next = 0; next < dispatched.length; next++) {
      const { effects } = evolve(run, report(dispatched[next] ?? '', { at: epochMs + 10 + next }));
      dispatched.push(...keys(effects));
    }
    assert.is(new Set(dispatched).size, items);
    assert.is(run.state.status, 'completed');
  });
});
