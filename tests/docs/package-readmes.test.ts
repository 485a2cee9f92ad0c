// timeout: 600
// takes: 60
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';
import { packageFolders, readDocument } from './markdown-file.js';
import { programOf, runProgram } from './readme-program.js';
import { checkOutputs, onPath, patternOf, runStops, stopsOf, withCheckout } from './shell-session.js';
import { faultsOf } from './typescript-example.js';

/** Its program talks to a server, which tests/sdk/readme.test.ts starts. */
const needServer = new Set(['clients/sdk']);
const timeoutMs = 120_000;

function nameOf(folder: string): string {
  return (JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { name: string }).name;
}

for (const folder of packageFolders) {
  spec(`README of ${folder}`, (test) => {
    const document = readDocument(`${folder}/README.md`);

    test('begins with the name of the package and says how it is installed', () => {
      const name = nameOf(folder);
      assert.match(document, new RegExp(`^# ${name}\n`));
      assert.match(document, new RegExp(`npm install [^\n]*${name}\\b`));
    });

    test(
      'its program compiles, runs and prints what is shown',
      () => {
        const program = programOf(document);
        if (program === null) return;
        assert.equal(faultsOf(program.text), []);
        if (program.running === null || needServer.has(folder)) return;
        const { code, printed } = runProgram(program.running);
        assert.is(code, 0, printed);
        assert.match(printed, patternOf(program.shown), printed);
      },
      { timeoutMs },
    );

    test(
      'its commands run and print what is shown',
      () => {
        const stops = stopsOf(document);
        if (stops.length === 0) return;
        withCheckout((checkout) => {
          const { outputs, code } = runStops(checkout, [onPath, ...stops]);
          assert.is(code, 0, outputs.join(''));
          checkOutputs(stops, outputs.slice(1));
        });
      },
      { timeoutMs },
    );
  });
}
