// timeout: 600
// takes: 40
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';
import { readDocument } from './markdown-file.js';
import { programOf } from './readme-program.js';
import { checkOutputs, onPath, runStops, stopsOf, withCheckout } from './shell-session.js';
import { faultsOf } from './typescript-example.js';

const guides = readdirSync(join(root, 'docs/guides'));

spec('guides', (test) => {
  for (const name of guides) {
    const document = readDocument(`docs/guides/${name}`);

    test(
      `${name}: every command runs as it is written, and prints what is shown`,
      () => {
        const stops = stopsOf(document);
        withCheckout((folder) => {
          const { outputs, code } = runStops(folder, [onPath, ...stops]);
          assert.is(code, 0, outputs.join(''));
          checkOutputs(stops, outputs.slice(1));
        });
      },
      { timeoutMs: 120_000 },
    );

    test(
      `${name}: its TypeScript compiles`,
      () => {
        const program = programOf(document);
        if (program !== null) assert.equal(faultsOf(program.text), []);
      },
      { timeoutMs: 120_000 },
    );

    test(`${name}: fits in 120 lines, and the index of the documentation leads to it`, () => {
      assert.ok(document.split('\n').length <= 121);
      assert.match(readDocument('docs/README.md'), `(guides/${name})`);
    });
  }
});
