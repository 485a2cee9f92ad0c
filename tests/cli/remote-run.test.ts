// takes: 50
/** `llmteam run`, `validate` and `catalog` with a gateway: its plugins and models apply, and the output is the same as locally. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Step } from '@llmteam/contracts';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { notTestedHere } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import {
  type Cli,
  type Ended,
  eventsIn,
  jsonOf,
  program,
  resultOf,
  shellWords,
  terminalProgram,
  withCli,
} from './support/cli.js';
import { askingAt, startDev } from './support/dev-service.js';
import { approval, chain, delay, doubling, transform } from './support/segments.js';

const patience = { timeoutMs: 180_000 };
const hasTerminal = process.platform === 'linux' && spawnSync(terminalProgram, ['--version']).status === 0;

interface World {
  readonly cli: Cli;
  readonly url: string;
  readonly key: string;
  readonly client: LlmteamClient;
  there(args: readonly string[], stdin?: string): Promise<Ended>;
}

async function withGatewayOfCli(use: (world: World) => Promise<void>): Promise<void> {
  await withCli(async (cli) => {
    const dev = await startDev(cli);
    const key = String(dev.key);
    const client = new LlmteamClient({ url: dev.url, key });
    const there: World['there'] = (args, stdin) => {
      return cli.call(args, { ...askingAt(dev.url, key), ...(stdin !== undefined && { stdin }) });
    };
    await use({ cli, url: dev.url, key, client, there });
    await dev.stop();
  });
}

function subworkflow(stepId: string, segmentRef: string): Step {
  return { step_id: stepId, type: 'subworkflow', config: { segment_ref: segmentRef } };
}

/** Removes what differs between any two runs. */
function shared(ended: Ended): object {
  const { run_id, duration_ms, ...rest } = jsonOf(ended);
  assert.match(run_id, /^[0-9a-f-]{36}$/);
  assert.ok(duration_ms >= 0);
  const stderr = ended.stderr.replaceAll(run_id, '<run>').replace(/until [0-9: -]+/, 'until <time>');
  return { ...ended, stdout: rest, stderr };
}

async function revisionOf(client: LlmteamClient, segmentId: string): Promise<number | undefined> {
  return (await client.listSegments()).segments.find((one) => one.segment_id === segmentId)?.revision;
}

spec('llmteam run at a gateway', (test) => {
  test(
    'prints what a run at home prints, with its exit code, and writes it to a file',
    () =>
      withGatewayOfCli(async ({ cli, client, there }) => {
        cli.write('doubling.json', doubling);
        cli.write('failing.json', chain('failing', [transform('a', 'input.nothing')], { params: { max_retries: 0 } }));
        cli.write('slow.json', chain('slow', [delay('wait', 60)]));
        const calls = [
          { args: ['run', 'doubling.json', '-j', '{"n": 4}'], code: 0 },
          { args: ['run', 'failing.json'], code: 1 },
          { args: ['run', 'slow.json', '-t', '1'], code: 3 },
        ];
        for (const { args, code } of calls) {
          const [remote, local] = await Promise.all([there(args), cli.call(args)]);
          assert.is(remote.code, code, remote.stderr);
          assert.equal(shared(remote), shared(local));
        }
        const lines = await there(['run', 'doubling.json', '--json', '-o', 'out.json', '--correlation-id', 'order-1']);
        const result = resultOf(lines);
        assert.equal(JSON.parse(readFileSync(join(cli.folder, 'out.json'), 'utf8')), result);
        const { events } = await client.listEvents(result.run_id);
        assert.equal(eventsIn(lines.stdout), events, 'every event, once');
        assert.is((await client.listRuns({ correlation_id: 'order-1' })).runs[0]?.run_id, result.run_id);
      }),
    patience,
  );

  test(
    'stores the segment if it differs from the one there, from a file or from stdin',
    () =>
      withGatewayOfCli(async ({ cli, client, there }) => {
        const file = cli.write('doubling.json', doubling);
        for (const args of [
          ['run', file],
          ['run', file],
        ])
          assert.is((await there(args)).code, 0);
        const first = await revisionOf(client, 'doubling');
        const changed = JSON.stringify({ ...doubling, steps: [transform('one', '7'), ...doubling.steps.slice(1)] });
        const ran = await there(['run', '-'], changed);
        assert.equal(jsonOf(ran).output, { doubled: 14 });
        assert.ok((await revisionOf(client, 'doubling')) !== first);
        await there(['run', file]);
        const last = await revisionOf(client, 'doubling');
        await there(['run', file]);
        assert.is(await revisionOf(client, 'doubling'), last);
      }),
    patience,
  );

  test(
    'says what is wrong with a file, its input or its options as it does at home, and begins nothing',
    () =>
      withGatewayOfCli(async ({ cli, client, there }) => {
        cli.write('bad.json', JSON.stringify({ ...doubling, entrypoint: 'nowhere' }, null, 2));
        cli.write('no.json', '{"segment_id": \n oops}');
        const inputSchema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
        cli.write('typed.json', { ...doubling, segment_id: 'typed', input_schema: inputSchema });
        const calls = [
          ['run', 'bad.json'],
          ['run', 'no.json'],
          ['run', 'absent.json'],
          ['run', 'typed.json', '-j', '{"n": "x"}'],
          ['run', 'typed.json', '-j', '{'],
          ['validate', 'bad.json'],
          ['validate', 'bad.json', '--json'],
          ['validate', 'no.json'],
          ['validate', 'no.json', '--json'],
        ];
        for (const args of calls) {
          const [remote, local] = await Promise.all([there(args), cli.call(args)]);
          assert.is(remote.code, 1);
          assert.equal(remote, local, args.join(' '));
        }
        assert.match((await there(['run', 'bad.json'])).stderr, /^bad\.json:[2-9][0-9]*: error INVALID_ENTRYPOINT /);
        assert.equal((await client.listRuns()).runs, []);
      }),
    patience,
  );

  test(
    'stores the segments beside the file that it leads to, those first',
    () =>
      withGatewayOfCli(async ({ cli, client, there }) => {
        cli.write('inner.json', chain('inner', [transform('add', 'input + 1')]));
        cli.write('middle.json', chain('middle', [subworkflow('call', 'inner')]));
        const file = cli.write('outer.json', chain('outer', [transform('one', '1'), subworkflow('call', 'middle')]));
        const ran = await there(['run', file]);
        assert.is(ran.code, 0, ran.stderr);
        assert.is(jsonOf(ran).output, 2);
        const stored = (await client.listSegments()).segments.map(({ segment_id }) => segment_id);
        assert.equal(stored, ['inner', 'middle', 'outer']);
        const lost = await there(['run', cli.write('lost.json', chain('lost', [subworkflow('call', 'nothing')]))]);
        assert.is(lost.code, 1);
        assert.match(lost.stderr, /lost\.json:1: error UNKNOWN_REF /);
      }),
    patience,
  );

  test(
    'a key that may start but not store runs what is stored, and nothing else',
    () =>
      withGatewayOfCli(async ({ cli, url, client, there }) => {
        const file = cli.write('doubling.json', { $schema: 'https://example.com/segment.json', ...doubling });
        const made = await cli.call(['keys', 'create', '--role', 'operator', '--json']);
        const asOperator = (...args: readonly string[]) =>
          cli.call(args, askingAt(url, jsonOf<{ key: string }>(made).key));
        assert.match((await asOperator('run', file)).stderr, /^error FORBIDDEN: the role 'operator' /);
        assert.is((await there(['run', file])).code, 0);
        const ran = await asOperator('run', file, '-j', '{"n": 5}');
        assert.equal(jsonOf(ran).output, { doubled: 10 }, ran.stderr);
        const other = cli.write('other.json', {
          ...doubling,
          steps: [transform('one', '9'), ...doubling.steps.slice(1)],
        });
        const refused = await asOperator('run', other);
        assert.equal([refused.code, refused.stdout], [1, '']);
        assert.match(refused.stderr, /^error FORBIDDEN: the segment 'doubling' at the gateway differs/);
        assert.is((await client.listRuns()).runs.length, 2);
      }),
    patience,
  );

  test(
    'validate and catalog tell of the plugins there; neither needs a configuration here',
    () =>
      withGatewayOfCli(async ({ cli, there }) => {
        cli.write('doubling.json', doubling);
        const calls = [
          ['validate', 'doubling.json'],
          ['validate', 'doubling.json', '--json'],
          ['catalog'],
          ['catalog', '--json'],
          ['catalog', 'loop'],
          ['catalog', 'nonsense'],
        ];
        for (const args of calls) {
          const [remote, local] = await Promise.all([there(args), cli.call(args)]);
          assert.equal(remote, local, args.join(' '));
        }
        cli.write('llmteam.config.json', '{ this is no configuration');
        assert.is((await there(['run', 'doubling.json'])).code, 0);
        assert.is((await there(['runs', 'list'])).code, 0);
      }),
    patience,
  );

  if (!hasTerminal) {
    notTestedHere('what is drawn on a terminal', 'there is no util-linux `script`');
    return;
  }

  test(
    'draws on a terminal what a run at home draws, tasks of runs inside it included',
    () =>
      withGatewayOfCli(async ({ cli, url, key, client, there }) => {
        cli.write(
          'inner.json',
          chain('inner', [approval('ask', 'Publish it?')], { params: { timeout_seconds: null } }),
        );
        cli.write('outer.json', chain('outer', [transform('one', '1'), subworkflow('call', 'inner')]));
        const variables = `LLMTEAM_KEY=${key}`;
        const line = `${shellWords([process.execPath, program])} run outer.json --no-prompt --url ${url} > out.json`;
        const started = cli.onTerminal(`stty rows 40 columns 160; ${variables} ${line}`);
        const shown = await started.until(
          'a task',
          ({ stdout }) =>
            /llmteam tasks answer (\S+) --url \S+ --approve/.exec(stripVTControlCharacters(stdout)) ?? undefined,
        );
        assert.is((await there(['tasks', 'answer', String(shown[1]), '--approve'])).code, 0);
        const ended = await started.ended;
        assert.is(ended.code, 0);
        const seen = stripVTControlCharacters(ended.stdout).replaceAll('\r', '');
        assert.match(seen, /outer {2}run [0-9a-f-]{36}\n/);
        for (const step of ['one', 'call']) assert.match(seen, new RegExp(`✔ ${step} +`));
        assert.match(seen, /\? Publish it\?\n/);
        assert.match(seen, /✔ completed in \d+\.\ds, 2 steps completed\n$/);
        assert.not.match(seen.slice(seen.lastIndexOf('✔ completed')), /tasks answer/);
        assert.not.ok(seen.includes(key));
        assert.is((await client.listRuns({ status: 'completed' })).runs.length, 2);
      }),
    patience,
  );
});
