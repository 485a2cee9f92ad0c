import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import * as assert from 'uvu/assert';
import { not_tested_here } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { json_of, program, type Started, shell_words, terminal_program, with_cli } from './support/cli.js';
import { approval, chain, delay, doubling, transform } from './support/segments.js';

const patience = { timeout_ms: 90_000 };

const has_terminal = process.platform === 'linux' && spawnSync(terminal_program, ['--version']).status === 0;

/** What is on the terminal now, without colours and cursor movements. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\r', '');
}

spec('llmteam run on a terminal', (test) => {
  test(
    'draws nothing where there is no terminal',
    () =>
      with_cli(async ({ write, call }) => {
        const ended = await call(['run', write('doubling.json', doubling)]);
        assert.is(json_of(ended).status, 'completed');
        assert.is(ended.stderr, '');
      }),
    patience,
  );

  if (!has_terminal) {
    not_tested_here('what is drawn on a terminal', 'there is no util-linux `script`');
    return;
  }

  test(
    'shows every step and how the run ended; the result is on stdout alone',
    () =>
      with_cli(async ({ folder, write, on_terminal }) => {
        write('doubling.json', doubling);
        const ended = await on_terminal(`${shell_words([process.execPath, program])} run doubling.json > out.json`)
          .ended;
        const seen = plain(ended.stdout);
        assert.is(ended.code, 0);
        assert.match(seen, /doubling {2}run [0-9a-f-]{36}\n/);
        for (const step of ['one', 'double', 'wrap']) assert.match(seen, new RegExp(`✔ ${step} +transform +0\\.\\ds`));
        assert.match(seen, /✔ completed in \d\.\ds, 3 steps completed\n$/);
        assert.is(
          json_of({ code: 0, stderr: '', stdout: readFileSync(join(folder, 'out.json'), 'utf8') }).status,
          'completed',
        );
        assert.ok(ended.stdout.includes('\u001b[32m✔'), 'in colour');
      }),
    patience,
  );

  test(
    'has no colours with --no-color or NO_COLOR, and shows nothing with --quiet or a dumb terminal',
    () =>
      with_cli(async ({ write, on_terminal }) => {
        write('doubling.json', doubling);
        const command = `${shell_words([process.execPath, program])} run doubling.json`;
        const seen = async (line: string): Promise<string> => (await on_terminal(`${line} > out.json`).ended).stdout;
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
      with_cli(async ({ write, on_terminal, call }) => {
        const steps = [approval('ask', 'Publish\u001b[2J it?'), transform('after', "'done'")];
        const edges = [{ from: 'ask', from_port: 'approved', to: 'after' }];
        write('asking.json', { ...chain('asking', steps, { params: { timeout_seconds: null } }), edges });
        const started = on_terminal(`${shell_words([process.execPath, program])} run asking.json > out.json`);
        const task_id = await shown_task(started);
        await call(['tasks', 'answer', task_id, '--approve']);
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
      with_cli(async ({ write, on_terminal }) => {
        const steps = Array.from({ length: 60 }, (_, place) => transform(`step_${place}`, '1'));
        write('many.json', chain('many', [...steps, delay('wait', 0.5)]));
        const line = `stty rows 12 columns 60; ${shell_words([process.execPath, program])} run many.json > out.json`;
        const ended = await on_terminal(line).ended;
        const frames = ended.stdout.split('\u001b[2K');
        for (const frame of frames) assert.ok(plain(frame).split('\n').length <= 13, frame);
        assert.match(plain(ended.stdout), /✔ \d+ steps done\n[\s\S]*✔ completed in/);
      }),
    patience,
  );
});

function shown_task(started: Started): Promise<string> {
  return started.until(
    'the command that answers',
    ({ stdout }) => /tasks answer (\S+) --approve/.exec(plain(stdout))?.[1],
  );
}
