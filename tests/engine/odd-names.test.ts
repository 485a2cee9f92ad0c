import type { JsonObject, Segment } from '@llmteam/contracts';
import { evolve, outstandingEffects } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { begin, report } from './support/engine.js';

/** Names with a special meaning in JavaScript that JSON may contain. */
const odd: JsonObject = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}');

spec('engine: odd names', (test) => {
  test('ports may be named like what every object has', () => {
    const segment: Segment = {
      segment_id: 'odd',
      name: 'odd',
      entrypoint: 'a',
      steps: [
        { step_id: 'a', type: 'work' },
        { step_id: 'b', type: 'work' },
      ],
      edges: ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((port) => ({
        from: 'a',
        from_port: port,
        to: 'b',
        to_port: port,
      })),
    };
    const { run } = begin(segment);
    const { effects } = evolve(run, report('a', { ports: odd }));
    const [job] = effects.flatMap((effect) => (effect.kind === 'dispatch' ? [effect.job] : []));
    assert.is(JSON.stringify(job?.ports), JSON.stringify(odd));
    assert.is(job?.input, null);
  });

  test('memos may be named like what every object has', () => {
    const segment: Segment = {
      segment_id: 'odd',
      name: 'odd',
      entrypoint: 'a',
      steps: [{ step_id: 'a', type: 'work' }],
    };
    const { run } = begin(segment);
    for (const [name, value] of Object.entries(odd)) {
      evolve(run, { type: 'step.memoized', at: 0, step: 'a', attempt: 1, name, value });
    }
    const [again] = outstandingEffects(run);
    assert.is(again?.kind === 'dispatch' && JSON.stringify(again.job.memos), JSON.stringify(odd));
    assert.is(({} as JsonObject)['0'], undefined);
  });

  test('input overrides of a fork may be named so too', () => {
    const segment: Segment = {
      segment_id: 'odd',
      name: 'odd',
      entrypoint: 'a',
      steps: [{ step_id: 'a', type: 'work' }],
    };
    const { outcome } = begin(segment, {
      forked_from: { run_id: 'x', from_step: 'a', entries: 1, input_overrides: odd },
    });
    const [job] = outcome.effects.flatMap((effect) => (effect.kind === 'dispatch' ? [effect.job] : []));
    assert.equal(job?.input, [1, 2]);
    assert.is(JSON.stringify(job?.ports), JSON.stringify(odd));
  });
});
