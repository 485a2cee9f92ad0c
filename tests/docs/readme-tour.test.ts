// timeout: 600
// takes: 30
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { readDocument } from './markdown-file.js';
import {
  checkOutputs,
  command,
  onPath,
  patternOf,
  runStops,
  type Stop,
  stopsOf,
  withCheckout,
} from './shell-session.js';

const tourStops = (): Stop[] => stopsOf(readDocument('README.md'));

spec('tour of the README', (test) => {
  test(
    'every block runs as it is written, and prints what is shown',
    () => {
      const stops = tourStops();
      assert.ok(stops.length >= 8, `${stops.length} stops`);
      withCheckout((folder) => {
        const { outputs, code } = runStops(folder, stops);
        assert.is(code, 0, outputs.join(''));
        checkOutputs(stops, outputs);
      });
    },
    { timeoutMs: 240_000 },
  );

  test(
    'it can be taken again in the same folder, beside a server of another folder',
    () => {
      withCheckout((folder) => {
        mkdirSync(join(folder, 'beside'));
        const stops = tourStops();
        const setUp = [onPath, command('top=$PWD; (cd beside && exec llmteam dev --port 0 > log 2>&1) & other=$!')];
        const ending = command('kill $other && wait $other');
        const { outputs, code } = runStops(folder, [...setUp, ...stops, command('cd "$top"'), ...stops, ending]);
        assert.is(code, 0, outputs.join(''));
        checkOutputs(stops, outputs.slice(setUp.length + stops.length + 1));
      });
    },
    { timeoutMs: 240_000 },
  );

  test(
    'a server that cannot start ends the wait for it, and its reason is shown',
    () => {
      const serve = tourStops().filter(({ commands }) => commands.text.includes('llmteam dev'));
      withCheckout((folder) => {
        const { outputs, code } = runStops(folder, [onPath, command('echo "{" > llmteam.config.json'), ...serve]);
        assert.is.not(code, 0);
        assert.match(outputs.join(''), /error JSON_INVALID/);
      });
    },
    { timeoutMs: 60_000 },
  );

  test('what is shown is compared: another output does not match', () => {
    assert.match('run 17 completed\n', patternOf('run … completed'));
    assert.not.match('run 17 failed\n', patternOf('run … completed'));
    assert.not.match('run 17 completed\nmore\n', patternOf('run … completed'));
  });
});
