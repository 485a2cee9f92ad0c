// takes: 10
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import * as assert from 'uvu/assert';
import { notTestedHere } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { jsonOf, program, type Started, shellWords, terminalProgram, withCli } from './support/cli.js';
import { countingEntry, writeCounting } from './support/plugin.js';
import { approval, chain, delay, doubling, transform } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

const hasTerminal = process.platform === 'linux' && spawnSync(terminalProgram, ['--version']).status === 0;

/** The current screen, without colours and cursor movements. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\r', '');
}

spec('llmteam run on a terminal', (test) => {
  test(
    'draws nothing where there is no terminal',
    () =>
      withCli(async ({ write, call }) => {
        const ended = await call(['run', write('doubling.json', doubling)]);
        assert.is(jsonOf(ended).status, 'completed');
        assert.is(ended.stderr, '');
      }),
    patience,
  );

  if (!hasTerminal) {
    notTestedHere('what is drawn on a terminal', 'there is no util-linux `script`');
    return;
  }

  test(
    'shows every step and how the run ended; the result is on stdout alone',
    () =>
      withCli(async ({ folder, write, onTerminal }) => {
        write('doubling.json', doubling);
        const ended = await onTerminal(`${shellWords([process.execPath, program])} run doubling.json > out.json`).ended;
        const seen = plain(ended.stdout);
        assert.is(ended.code, 0);
        assert.match(seen, /doubling {2}run [0-9a-f-]{36}\n/);
        for (const step of ['one', 'double', 'wrap']) assert.match(seen, new RegExp(`✔ ${step} +transform +0\\.\\ds`));
        assert.match(seen, /✔ completed in \d\.\ds, 3 steps completed\n$/);
        assert.is(
          jsonOf({ code: 0, stderr: '', stdout: readFileSync(join(folder, 'out.json'), 'utf8') }).status,
          'completed',
        );
        assert.ok(ended.stdout.includes('\u001b[32m✔'), 'in colour');
      }),
    patience,
  );

  test(
    'shows how far a running step says it is, on the terminal only',
    () =>
      withCli(async ({ folder, write, onTerminal }) => {
        writeCounting(write);
        write('llmteam.config.json', { plugins: [countingEntry] });
        write('counting.json', chain('counting', [{ step_id: 'count', type: 'count' }]));
        const command = `${shellWords([process.execPath, program])} run counting.json`;
        const { stdout } = await onTerminal(`${command} > out.json; ${command} --json > events.jsonl`).ended;
        assert.match(plain(stdout), /\S count +count +\d\.\ds {2}[1-9]\/10\n/);
        assert.match(plain(stdout), /✔ count +count +1\.\ds *\n/);
        for (const file of ['out.json', 'events.jsonl']) {
          const text = readFileSync(join(folder, file), 'utf8');
          assert.match(text, /completed/);
          assert.not.match(text, 'progress');
        }
      }),
    patience,
  );

  test(
    'has no colours with --no-color or NO_COLOR, and shows nothing with --quiet or a dumb terminal',
    () =>
      withCli(async ({ write, onTerminal }) => {
        write('doubling.json', doubling);
        const command = `${shellWords([process.execPath, program])} run doubling.json`;
        const seen = async (line: string): Promise<string> => (await onTerminal(`${line} > out.json`).ended).stdout;
        for (const line of [`${command} --no-color`, `NO_COLOR=1 ${command}`]) {
          const text = await seen(line);
          assert.match(text, /✔ completed/);
          assert.not.ok(text.includes('\u001b[3'));
        }
        assert.is(await seen(`${command} --quiet`), '');
        assert.is(await seen(`TERM=dumb ${command}`), '');
      }),
    patience,
  );

  test(
    'shows how to answer a task, takes the answer and says that it waits no more',
    () =>
      withCli(async ({ write, onTerminal, call }) => {
        const steps = [approval('ask', 'Publish\u001b[2J it?'), transform('after', "'done'")];
        const edges = [{ from: 'ask', from_port: 'approved', to: 'after' }];
        write('asking.json', { ...chain('asking', steps, { params: { timeout_seconds: null } }), edges });
        const started = onTerminal(`${shellWords([process.execPath, program])} run asking.json --no-prompt > out.json`);
        const taskId = await shownTask(started);
        await call(['tasks', 'answer', taskId, '--approve']);
        const ended = await started.ended;
        assert.is(ended.code, 0);
        const seen = plain(ended.stdout);
        assert.match(seen, /◷ ask +human_task +\S+ +waits for an answer/);
        assert.match(seen, /\? Publish it\?\n/, 'what a segment says cannot clear the screen');
        assert.not.match(seen.slice(seen.lastIndexOf('✔ completed')), /tasks answer/);
      }),
    patience,
  );

  test(
    'keeps the picture smaller than the terminal, however many steps there are',
    () =>
      withCli(async ({ write, onTerminal }) => {
        const steps = Array.from({ length: 60 }, (_, place) => transform(`step_${place}`, '1'));
        write('many.json', chain('many', [...steps, delay('wait', 0.5)]));
        const line = `stty rows 12 columns 60; ${shellWords([process.execPath, program])} run many.json > out.json`;
        const ended = await onTerminal(line).ended;
        const frames = ended.stdout.split('\u001b[2K');
        for (const frame of frames) assert.ok(plain(frame).split('\n').length <= 13, frame);
        assert.match(plain(ended.stdout), /✔ \d+ steps finished\n[\s\S]*✔ completed in/);
      }),
    patience,
  );
});

function shownTask(started: Started): Promise<string> {
  return started.until(
    'the command that answers',
    ({ stdout }) => /tasks answer (\S+) --approve/.exec(plain(stdout))?.[1],
  );
}
