// takes: 25
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { eventsIn, jsonOf, withCli } from './support/cli.js';
import { chain, delay, doubling, transform } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

spec('llmteam run', (test) => {
  test(
    'prints one JSON object on stdout, nothing on stderr, and ends with 0',
    () =>
      withCli(async ({ write, call }) => {
        const ended = await call(['run', write('doubling.json', doubling)]);
        const result = jsonOf(ended);
        assert.is(ended.code, 0);
        assert.is(ended.stderr, '');
        assert.equal(
          { ...result, run_id: '', duration_ms: 0 },
          {
            run_id: '',
            segment_id: 'doubling',
            status: 'completed',
            output: { doubled: 2 },
            error: null,
            duration_ms: 0,
            steps_completed: 3,
            steps_total: 3,
            usage: { input_tokens: 0, output_tokens: 0 },
          },
        );
        assert.match(result.run_id, /^[0-9a-f-]{36}$/);
        assert.ok(ended.stdout.startsWith('{\n  "run_id"'), 'two spaces deep');
      }),
    patience,
  );

  test(
    'takes its input from a file, from the command line or from stdin',
    () =>
      withCli(async ({ write, call }) => {
        const segment = write('doubling.json', doubling);
        const input = write('in.json', { n: 4 });
        const [file, argument, stdin] = await Promise.all([
          call(['run', segment, '-i', input]),
          call(['run', segment, '-j', '{"n": 5}']),
          call(['run', segment, '-i', '-'], { stdin: '{"n": 6}' }),
        ]);
        assert.equal(jsonOf(file).output, { doubled: 8 });
        assert.equal(jsonOf(argument).output, { doubled: 10 });
        assert.equal(jsonOf(stdin).output, { doubled: 12 });
      }),
    patience,
  );

  test(
    'a prompt is filled in one pass, and the reason of the end is seen by later steps',
    () =>
      withCli(async ({ write, call }) => {
        write('llmteam.config.json', { llms: { main: { provider: 'offline' } } });
        const ask = {
          step_id: 'ask',
          type: 'llm_agent',
          config: { llm_ref: 'main', user_prompt_template: '${run.input.note} {note} {input}' },
        };
        const mapping = { text: 'input', end: 'steps.ask.finish_reason' };
        const segment = {
          segment_id: 'asking',
          name: 'Asking',
          entrypoint: 'ask',
          steps: [ask, { step_id: 'last', type: 'transform', config: { mapping } }],
          edges: [{ from: 'ask', to: 'last' }],
        };
        const alone = write('alone.json', { ...segment, steps: [ask], edges: [] });
        const input = JSON.stringify({ note: '{secret} ${run.id}', secret: 'hidden', input: 'field' });
        const [both, single] = await Promise.all([
          call(['run', write('asking.json', segment), '-j', input]),
          call(['run', alone, '-j', input]),
        ]);
        const { text, end } = jsonOf(both).output as { text: string; end: string };
        assert.match(text, '[offline offline] {secret} ${run.id} {secret} ${run.id} field (');
        assert.is(end, 'stop');
        assert.is(jsonOf(single).output, text);
      }),
    patience,
  );

  test(
    'reads the segment itself from stdin',
    () =>
      withCli(async ({ call }) => {
        const ended = await call(['run', '-'], { stdin: JSON.stringify(doubling) });
        assert.equal(jsonOf(ended).output, { doubled: 2 });
      }),
    patience,
  );

  test(
    'writes the result to a file as well, and finds out before the run if it cannot',
    () =>
      withCli(async ({ folder, write, call }) => {
        const segment = write('doubling.json', doubling);
        const kept = await call(['run', segment, '-o', 'out.json']);
        assert.is(readFileSync(join(folder, 'out.json'), 'utf8'), kept.stdout);
        const refused = await call(['run', segment, '-o', 'nowhere/out.json']);
        assert.is(refused.code, 1);
        assert.is(refused.stdout, '');
        assert.match(refused.stderr, /^error FILE_UNREADABLE: cannot write 'nowhere\/out.json'/);
      }),
    patience,
  );

  test(
    'with --json prints every event as a line and the result as the last one',
    () =>
      withCli(async ({ folder, write, call }) => {
        const ended = await call(['run', write('doubling.json', doubling), '--json', '-o', 'out.json']);
        const lines = ended.stdout.trimEnd().split('\n');
        const result = JSON.parse(lines.at(-1) ?? '') as RunResult;
        const events = eventsIn(ended.stdout);
        assert.is(result.status, 'completed');
        assert.is(events.length, lines.length - 1);
        assert.equal(
          events.map(({ seq }) => seq),
          events.map((_, place) => place + 1),
        );
        assert.is(events[0]?.event_type, 'segment.started');
        assert.is(events.at(-1)?.event_type, 'segment.completed');
        assert.equal(JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')), result);
      }),
    patience,
  );

  test(
    'ends with 1 if the run fails, and says why in the result',
    () =>
      withCli(async ({ write, call }) => {
        const ended = await call([
          'run',
          write('broken.json', chain('broken', [transform('a', '1 / int(input.zero)')])),
          '-j',
          '{"zero":0}',
        ]);
        const { status, error } = jsonOf(ended);
        assert.is(ended.code, 1);
        assert.is(status, 'failed');
        assert.is(error?.error_code, 'EXPRESSION_FAILED');
      }),
    patience,
  );

  test(
    'ends with 3 if the time is up, also if the segment allows more',
    () =>
      withCli(async ({ write, call }) => {
        const ended = await call(['run', write('slow.json', chain('slow', [delay('wait', 60)])), '-t', '0.3']);
        assert.is(ended.code, 3);
        assert.is(jsonOf(ended).status, 'timeout');
        assert.is(jsonOf(ended).error?.error_code, 'RUN_TIMEOUT');
      }),
    patience,
  );

  test(
    'refuses an input that does not match, naming the place, before anything is stored',
    () =>
      withCli(async ({ folder, write, call }) => {
        const inputSchema = {
          type: 'object',
          properties: { items: { type: 'array', items: { type: 'integer' } } },
          required: ['items'],
        };
        const segment = write('typed.json', { ...doubling, input_schema: inputSchema });
        const [wrong, missing, notJson] = await Promise.all([
          call(['run', segment, '-j', '{"items": [1, "two"]}']),
          call(['run', segment]),
          call(['run', segment, '-j', '{"items": [1,}']),
        ]);
        for (const ended of [wrong, missing, notJson]) {
          assert.is(ended.code, 1);
          assert.is(ended.stdout, '');
        }
        assert.match(wrong.stderr, /^error INPUT_INVALID: input: 'items\[1\]' must be a whole number/);
        assert.match(missing.stderr, /^error INPUT_INVALID: input: 'items' is missing/);
        assert.match(notJson.stderr, /^error JSON_INVALID: -j: .*line 1, column 14/);
        assert.not(existsSync(join(folder, '.llmteam')), 'nothing is stored');
      }),
    patience,
  );

  test(
    'runs the segments beside the file that it names, also in a circle',
    () =>
      withCli(async ({ write, call }) => {
        const sub = (stepId: string, segmentRef: string) => ({
          step_id: stepId,
          type: 'subworkflow',
          config: { segment_ref: segmentRef },
        });
        const edges = [
          { from: 'check', from_port: 'true', to: 'down' },
          { from: 'check', from_port: 'false', to: 'zero' },
        ];
        const check = { step_id: 'check', type: 'condition', config: { expression: 'input.n > 0' } };
        const down = { ...sub('down', 'pong'), config: { segment_ref: 'pong', input_mapping: { n: 'input.n - 1' } } };
        const ping = { ...chain('ping', [check, down, transform('zero', "'ground'")]), edges };
        const file = write('ping.json', ping);
        write('pong.json', chain('pong', [sub('back', 'ping')]));
        const ended = await call(['run', file, '-j', '{"n": 2}']);
        assert.is(jsonOf(ended).output, 'ground', ended.stderr);
      }),
    patience,
  );

  test(
    'keeps runs where --home or LLMTEAM_HOME says',
    () =>
      withCli(async ({ folder, write, call }) => {
        const segment = write('doubling.json', doubling);
        await call(['run', segment, '--home', 'here']);
        await call(['--home', 'here', 'run', segment]);
        await call(['run', segment], { environment: { LLMTEAM_HOME: 'there' } });
        assert.ok(existsSync(join(folder, 'there', 'stores')));
        assert.not(existsSync(join(folder, '.llmteam')));
        const listed = await call(['runs', 'list', '--json', '--home', 'here']);
        assert.is(jsonOf<{ runs: unknown[] }>(listed).runs.length, 2);
      }),
    patience,
  );

  test(
    'uses the configuration nearest to the segment, and its models',
    () =>
      withCli(async ({ write, call }) => {
        const ask = {
          step_id: 'ask',
          type: 'llm_agent',
          config: { llm_ref: 'writer', user_prompt_template: '{topic}' },
        };
        const file = write('deep/down/asking.json', chain('asking', [ask]));
        write('deep/llmteam.config.json', { llms: { writer: { provider: 'offline', model: 'near' } } });
        write('llmteam.config.json', { llms: {} });
        const near = jsonOf(await call(['run', file, '-j', '{"topic": "bees"}']));
        assert.match(String(near.output), /^\[offline near\] bees/);
        assert.ok(near.usage.input_tokens > 0);
        const other = write('other.json', { llms: { writer: { provider: 'offline', model: 'chosen' } } });
        const chosen = jsonOf(await call(['run', file, '-j', '{"topic": "bees"}', '--config', other]));
        assert.match(String(chosen.output), /^\[offline chosen\] bees/);
      }),
    patience,
  );

  test(
    'goes on quietly when its reader goes away',
    () =>
      withCli(async ({ write, start, call }) => {
        const steps = Array.from({ length: 200 }, (_, place) => transform(`s${place}`, '1'));
        const started = start(['run', write('long.json', chain('long', steps)), '--json']);
        await started.event('segment.started');
        started.process.stdout?.destroy();
        const ended = await started.ended;
        assert.is(ended.code, 0);
        assert.is(ended.stderr, '');
        const { runs } = jsonOf<{ runs: { status: string }[] }>(await call(['runs', 'list', '--json']));
        assert.is(runs[0]?.status, 'completed');
      }),
    patience,
  );
});
