import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { jsonOf, withCli } from './support/cli.js';

const dividing = {
  segment_id: 'dividing',
  name: 'Dividing',
  entrypoint: 'each',
  steps: [
    { step_id: 'each', type: 'map', config: { items: '[1, 2, 0]' } },
    { step_id: 'divide', type: 'transform', config: { expression: '4 / input' } },
  ],
  edges: [
    { from: 'each', from_port: 'body', to: 'divide' },
    { from: 'divide', to: 'each', to_port: 'next' },
  ],
};

spec('a failure inside a map', (test) => {
  test(
    'is named with step, item and cause in the result, in show and in the picture',
    () =>
      withCli(async ({ write, call }) => {
        const { run_id, error } = jsonOf(await call(['run', write('dividing.json', dividing)]));
        assert.match(String(error?.error_message), /each\[2\]\/divide.*division by zero/);
        const shown = (await call(['runs', 'show', run_id])).stdout;
        assert.match(shown, /error +ITERATION_FAILED: .*each\[2\]\/divide.*division by zero/);
        assert.match(shown, /^each +map +failed +ITERATION_FAILED: .*each\[2\]\/divide/m);
        const picture = (await call(['graph', 'dividing.json', '--run', run_id])).stdout;
        assert.match(picture, /each\[2\]\/divide: EXPRESSION_FAILED: .*division by zero/);
      }),
    { timeoutMs: 30_000 },
  );
});
