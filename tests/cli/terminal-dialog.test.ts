// takes: 30
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { notTestedHere } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { type Cli, jsonOf, program, type Started, shellWords, terminalProgram, withCli } from './support/cli.js';
import { approval, chain, transform, waiting } from './support/segments.js';

const patience = { timeoutMs: 90_000 };
const hasTerminal = process.platform === 'linux' && spawnSync(terminalProgram, ['--version']).status === 0;
const forever = { params: { timeout_seconds: null } };
const command = shellWords([process.execPath, program]);

/** Asks for a verdict on a draft. */
const asking: Segment = {
  ...chain(
    'asking',
    [transform('draft', "'Dear reader'"), approval('ask', 'Publish it?'), transform('after', 'input')],
    forever,
  ),
  edges: [
    { from: 'draft', to: 'ask' },
    { from: 'ask', from_port: 'approved', to: 'after' },
  ],
};

function entering(form: unknown): Segment {
  const config = { task_type: 'input', title: 'Invoice?', form } as never;
  return chain('entering', [{ step_id: 'enter', type: 'human_task', config }], forever);
}

function run({ write, onTerminal }: Cli, segment: Segment, options = ''): Started {
  write('segment.json', segment);
  const line = `stty rows 24 columns 80; exec ${command} run segment.json ${options} > out.json`;
  return onTerminal(line, { isTyped: true });
}

/** Waits until the screen has shown the text since the last time. */
async function sees(started: Started, text: string, times = 1): Promise<void> {
  await started.until(text, ({ stdout }) => {
    return stripVTControlCharacters(stdout).split(text).length > times ? true : undefined;
  });
}

function outputOf({ folder }: Cli): unknown {
  return jsonOf({ code: 0, stderr: '', stdout: readFileSync(join(folder, 'out.json'), 'utf8') }).output;
}

spec('a human task on the terminal that runs it', (test) => {
  if (!hasTerminal) {
    notTestedHere('questions on a terminal', 'there is no util-linux `script`');
    return;
  }

  test(
    'is shown with what it is about, and answered there',
    () =>
      withCli(async (cli) => {
        const started = run(cli, asking);
        await sees(started, 'approve [y], reject [n]; Enter = later: ');
        await sees(started, 'Dear reader');
        started.type('what\r');
        await sees(started, "'what' is none of these.");
        started.type('y\r');
        await sees(started, 'comment, Enter for none: ');
        started.type('fine\r');
        assert.is((await started.ended).code, 0);
        const { decision, comment, input } = outputOf(cli) as Record<string, unknown>;
        assert.equal([decision, comment, input], ['approve', 'fine', 'Dear reader']);
      }),
    patience,
  );

  test(
    'is asked for field by field if it has a form, again if the answer does not fit, and later if nothing is entered',
    () =>
      withCli(async (cli) => {
        const properties = { number: { type: 'integer', minimum: 1 }, note: { type: 'string' } };
        const started = run(cli, entering({ type: 'object', properties, required: ['number'] }));
        await sees(started, 'number (integer); Enter = later: ');
        started.type('0\r');
        await sees(started, 'note (string); Enter = none: ');
        started.type('\r');
        await sees(started, 'error: ');
        await sees(started, 'number (integer); Enter = later: ', 2);
        started.type('7\r');
        await sees(started, 'note (string); Enter = none: ', 2);
        started.type('42\r');
        assert.is((await started.ended).code, 0);
        assert.equal((outputOf(cli) as { value: unknown }).value, { number: 7, note: '42' });
      }),
    patience,
  );

  test(
    'says at every question that leaves the task open what Enter does, also in the middle of an answer',
    () =>
      withCli(async (cli) => {
        const config = { task_type: 'review', title: 'Edit it?' } as never;
        const started = run(cli, chain('reviewing', [{ step_id: 'review', type: 'human_task', config }], forever));
        await sees(started, 'approve [y], reject [n], modify [m]; Enter = later: ');
        started.type('m\r');
        await sees(started, 'the changed data as JSON; Enter = later: ');
        started.type('\r');
        await sees(started, '--modify');
        const { tasks } = JSON.parse((await cli.call(['tasks', 'list', '--json'])).stdout);
        assert.is(tasks[0].status, 'open');
        started.signal('SIGKILL');
        await started.ended;
      }),
    patience,
  );

  test(
    'can be answered elsewhere, which ends the question; with --no-prompt it only can',
    () =>
      withCli(async (cli) => {
        for (const options of ['', '--no-prompt']) {
          const started = run(cli, asking, options);
          const question = options === '' ? 'approve [y]' : '--reject';
          await sees(started, question);
          const { tasks } = JSON.parse((await cli.call(['tasks', 'list', '--status', 'open', '--json'])).stdout);
          const answered = await cli.call(['tasks', 'answer', tasks[0].task_id, '--approve']);
          assert.is(answered.code, 0, answered.stderr);
          assert.is((await started.ended).code, 0);
        }
      }),
    patience,
  );
});

spec('Ctrl-C on a terminal', (test) => {
  if (!hasTerminal) {
    notTestedHere('Ctrl-C on a terminal', 'there is no util-linux `script`');
    return;
  }
  const question = 'cancel the run [c], leave it for later [l]; Enter = go on: ';

  test(
    'asks: go on, then cancel',
    () =>
      withCli(async (cli) => {
        const started = run(cli, waiting);
        await sees(started, 'waits for signal go');
        started.type('\x03');
        await sees(started, question);
        started.type('\r');
        await sees(started, 'waits for signal go', 3);
        started.type('\x03');
        await sees(started, question, 2);
        started.type('c\r');
        assert.is((await started.ended).code, 4);
      }),
    patience,
  );

  test(
    'asks: leave, and the run can be resumed; also in the middle of a task',
    () =>
      withCli(async (cli) => {
        for (const segment of [waiting, asking]) {
          const started = run(cli, segment);
          await sees(started, segment === waiting ? 'waits for signal go' : 'approve [y]');
          started.type('\x03');
          await sees(started, question);
          started.type('l\r');
          await sees(started, 'can be resumed with: llmteam runs resume ');
          assert.is((await started.ended).code, 130);
        }
        const { runs } = JSON.parse((await cli.call(['runs', 'list', '--json'])).stdout);
        assert.equal(
          runs.map((row: { status: string; is_orphan: boolean }) => [row.status, row.is_orphan]),
          [
            ['running', true],
            ['running', true],
          ],
        );
      }),
    patience,
  );

  test(
    'in the middle of an answer sends nothing, and asks before the next task does',
    () =>
      withCli(async (cli) => {
        const both: Segment = {
          ...chain('both', [transform('begin', '1'), approval('first', 'First?')], forever),
          steps: [transform('begin', '1'), approval('first', 'First?'), approval('second', 'Second?')],
          edges: [
            { from: 'begin', to: 'first' },
            { from: 'begin', to: 'second' },
          ],
        };
        const started = run(cli, both);
        await sees(started, 'approve [y]');
        started.type('y\r');
        await sees(started, 'comment, Enter for none: ');
        started.type('\x03');
        await sees(started, question);
        started.type('l\r');
        assert.is((await started.ended).code, 130);
        const { tasks } = JSON.parse((await cli.call(['tasks', 'list', '--json'])).stdout);
        assert.equal(
          tasks.map(({ status }: { status: string }) => status),
          ['open', 'open'],
        );
      }),
    patience,
  );

  test(
    'ends a watch too',
    () =>
      withCli(async (cli) => {
        const started = run(cli, asking, '--watch');
        await sees(started, 'approve [y]');
        started.type('\x03');
        await sees(started, question);
        started.type('c\r');
        assert.is((await started.ended).code, 0);
      }),
    patience,
  );

  test(
    'twice leaves at once',
    () =>
      withCli(async (cli) => {
        const started = run(cli, waiting);
        await sees(started, 'waits for signal go');
        started.type('\x03');
        await sees(started, question);
        started.type('\x03');
        assert.is((await started.ended).code, 130);
      }),
    patience,
  );
});

spec('lists on a terminal', (test) => {
  if (!hasTerminal) {
    notTestedHere('lists on a terminal', 'there is no util-linux `script`');
    return;
  }

  test(
    'fit its columns, with ids that commands accept; piped they are whole',
    () =>
      withCli(async (cli) => {
        const long = 'x'.repeat(60);
        const titled = { ...asking, segment_id: `asking_${long.slice(0, 40)}`, name: long };
        const started = run(cli, { ...titled, steps: [...asking.steps] }, '--no-prompt');
        await sees(started, '--reject');
        for (const list of ['runs list', 'tasks list', 'catalog', 'plugin list', 'providers']) {
          const screen = await cli.onTerminal(`stty rows 24 columns 80; ${command} ${list}`).ended;
          const lines = stripVTControlCharacters(screen.stdout).replaceAll('\r', '').split('\n');
          for (const line of lines) assert.ok(line.length <= 80, `${list}: ${line}`);
        }
        const screen = await cli.onTerminal(`stty rows 24 columns 80; ${command} runs list`).ended;
        const [, short = ''] = /\n([0-9a-f]{8}) /.exec(stripVTControlCharacters(screen.stdout)) ?? [];
        const piped = await cli.call(['runs', 'list']);
        const [, whole = ''] = /\n(\S+)/.exec(piped.stdout) ?? [];
        assert.is(whole.slice(0, 8), short);
        assert.is(whole.length, 36);
        const ended = await cli.call(['runs', 'cancel', short]);
        assert.is(ended.code, 0, ended.stderr);
        const events = await cli.onTerminal(`stty rows 24 columns 80; ${command} runs events ${short}`).ended;
        for (const line of stripVTControlCharacters(events.stdout).replaceAll('\r', '').split('\n')) {
          assert.ok(line.length <= 80, line);
        }
        assert.is((await started.ended).code, 4);
      }),
    patience,
  );
});
