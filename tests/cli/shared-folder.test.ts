// takes: 40
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Cli, jsonOf, resultOf, withCli } from './support/cli.js';
import { startDev } from './support/dev-service.js';
import { chain, doubling, transform, waiting } from './support/segments.js';

const patience = { timeoutMs: 120_000 };

interface Listed {
  readonly runs: readonly { readonly run_id: string; readonly is_orphan?: boolean }[];
}

/** Starts a run that waits for a signal, and kills its process. */
async function killedRun({ start, write }: Cli): Promise<string> {
  const started = start(['run', write('waiting.json', waiting), '--json']);
  const { run_id } = await started.event('step.waiting', 'wait');
  started.signal('SIGKILL');
  await started.ended;
  return run_id;
}

spec('llmteam run beside llmteam dev', (test) => {
  test(
    'is done by dev, so the API shows it; its events and its result are printed as ever',
    () =>
      withCli(async (cli) => {
        const running = await startDev(cli);
        const client = new LlmteamClient({ url: running.url, key: String(running.key) });
        const ended = await cli.call(['run', cli.write('doubling.json', doubling), '-j', '{"n": 4}', '--json']);
        assert.is(ended.code, 0, ended.stderr);
        const lines = ended.stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
        const result = lines.at(-1);
        assert.equal(result.output, { doubled: 8 });
        assert.equal(
          lines.slice(0, -1).map(({ seq }) => seq),
          lines.slice(0, -1).map((_, place) => place + 1),
          'every event',
        );
        assert.equal((await client.getRun(result.run_id)).output, { doubled: 8 });
        await running.stop();
      }),
    patience,
  );

  test(
    'goes on in the command when dev stops',
    () =>
      withCli(async (cli) => {
        const running = await startDev(cli);
        const started = cli.start(['run', cli.write('waiting.json', waiting), '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        await running.stop();
        const sent = await cli.call(['runs', 'signal', run_id, 'go', '--payload', '5']);
        assert.is(sent.code, 0, sent.stderr);
        const ended = await started.ended;
        assert.is(ended.code, 0);
        assert.is(resultOf(ended).output, 5);
      }),
    patience,
  );

  test(
    'with another configuration it is done apart, and says so',
    () =>
      withCli(async (cli) => {
        const running = await startDev(cli);
        cli.write('llmteam.config.json', { llms: { new: { provider: 'offline' } } });
        const ended = await cli.call(['run', cli.write('doubling.json', doubling)]);
        assert.is(ended.code, 0);
        assert.match(ended.stderr, /'llmteam dev' at \S+ has another configuration, so the run is not listed there/);
        const { runs } = jsonOf<Listed>(await cli.call(['runs', 'list', '--json']));
        assert.is(runs[0]?.run_id, jsonOf(ended).run_id, 'lists of commands show it all the same');
        await running.stop();
      }),
    patience,
  );
});

spec('llmteam dev after llmteam run', (test) => {
  test(
    'shows the runs that ended before it started, once, with their events; unfinished ones are left alone',
    () =>
      withCli(async (cli) => {
        const orphan = await killedRun(cli);
        const input = { text: 'x'.repeat(400_000) };
        cli.write('input.json', input);
        const echo = chain('echo', [transform('say', 'input.text')]);
        const first = jsonOf(await cli.call(['run', cli.write('echo.json', echo), '-i', 'input.json']));
        let running = await startDev(cli);
        const { key } = running;
        const client = () => new LlmteamClient({ url: running.url, key: String(key) });
        assert.is((await client().getRun(first.run_id)).output, input.text, 'a large value');
        await running.stop();
        const second = jsonOf(await cli.call(['run', 'echo.json', '-j', '{"text": "y"}']));
        running = await startDev(cli);
        const { runs } = await client().listRuns();
        assert.equal(
          runs.map(({ run_id }) => run_id),
          [second.run_id, first.run_id],
        );
        const types: string[] = [];
        for await (const { event_type } of client().follow(second.run_id)) types.push(event_type);
        assert.is(types.at(-1), 'segment.completed');
        const listed = jsonOf<Listed>(await cli.call(['runs', 'list', '--json'])).runs;
        assert.equal(
          listed.map(({ run_id }) => run_id),
          [second.run_id, first.run_id, orphan],
        );
        await running.stop();
        await cli.call(['runs', 'signal', orphan, 'go', '--payload', '3']);
        assert.is(jsonOf(await cli.call(['runs', 'resume', orphan])).output, 3);
      }),
    patience,
  );
});

spec('llmteam dev beside a run that a command drives', (test) => {
  test(
    'says that its API does not list that run, and where it is listed',
    () =>
      withCli(async (cli) => {
        const started = cli.start(['run', cli.write('waiting.json', waiting), '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        const dev = cli.start(['dev', '--port', '0']);
        const { stdout, stderr } = await dev.until('an address and a warning', (written) => {
          return /Listening on/.test(written.stdout) && /warning/.test(written.stderr) ? written : undefined;
        });
        assert.match(
          stderr,
          /warning: a command is running in this folder; the API lists its runs once they have ended/,
        );
        const [, url = ''] = /Listening on (\S+)/.exec(stdout) ?? [];
        const [, key = ''] = /shown once\): (\S+)/.exec(stdout) ?? [];
        assert.equal((await new LlmteamClient({ url, key }).listRuns()).runs, []);
        const { runs } = jsonOf<Listed>(await cli.call(['runs', 'list', '--json']));
        assert.equal(
          runs.map((row) => [row.run_id, row.is_orphan]),
          [[run_id, undefined]],
        );
        await cli.call(['runs', 'signal', run_id, 'go']);
        assert.is((await started.ended).code, 0);
        dev.signal('SIGTERM');
        assert.is((await dev.ended).code, 0);
      }),
    patience,
  );
});

spec('a run whose process is gone', (test) => {
  test(
    'is named by lists and by show, with the command to go on; one that is driven is not',
    () =>
      withCli(async (cli) => {
        const orphan = await killedRun(cli);
        // The next run takes the store of the orphan.
        const started = cli.start(['run', 'waiting.json', '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        const [list, json, lost, alive] = await Promise.all([
          cli.call(['runs', 'list']),
          cli.call(['runs', 'list', '--json']),
          cli.call(['runs', 'show', orphan]),
          cli.call(['runs', 'show', run_id]),
        ]);
        assert.match(list.stdout, new RegExp(`${orphan} +waiting +no process `));
        assert.match(list.stdout, new RegExp(`${run_id} +waiting +running `));
        assert.is(list.stderr, `No process works on one run. To go on: llmteam runs resume ${orphan}\n`);
        const marks = jsonOf<Listed>(json).runs.map((row) => [row.run_id, row.is_orphan]);
        assert.equal(
          new Map(marks as never),
          new Map([
            [run_id, undefined],
            [orphan, true],
          ] as never),
        );
        assert.match(lost.stdout, `no process works on it; to go on: llmteam runs resume ${orphan}`);
        assert.not.match(alive.stdout, /no process/);
        await cli.call(['runs', 'signal', run_id, 'go']);
        assert.is((await started.ended).code, 0);
      }),
    patience,
  );

  test(
    'is taken over by resume only when the process that holds its store exits, and resume says what it waits for',
    () =>
      withCli(async (cli) => {
        const orphan = await killedRun(cli);
        const holder = cli.start(['run', 'waiting.json', '--json']);
        const { run_id } = await holder.event('step.waiting', 'wait');
        const resumed = cli.start(['runs', 'resume', orphan]);
        await resumed.until('a reason', ({ stderr }) =>
          /is using the store of run \S+ without working on that run/.test(stderr) ? true : undefined,
        );
        await cli.call(['runs', 'signal', orphan, 'go', '--payload', '1']);
        await cli.call(['runs', 'signal', run_id, 'go', '--payload', '2']);
        assert.is((await holder.ended).code, 0);
        assert.is(jsonOf(await resumed.ended).output, 1);
      }),
    patience,
  );
});

spec('what cannot take effect is said', (test) => {
  test(
    'a signal nobody waits for is kept, and what the run does wait for is named',
    () =>
      withCli(async (cli) => {
        const started = cli.start(['run', cli.write('waiting.json', waiting), '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        const idle = await cli.call(['runs', 'signal', run_id, 'stop']);
        assert.is(idle.code, 0);
        assert.match(
          idle.stderr,
          'No step waits for this signal now: it is kept for the first step that will. The run waits for signal go.\n',
        );
        const awaited = await cli.call(['runs', 'signal', run_id, 'go']);
        assert.is(awaited.stderr, `Signal 'go' sent to run ${run_id}.\n`);
        assert.is((await started.ended).code, 0);
      }),
    patience,
  );

  test(
    'a cancelled run cannot be resumed: resume says so, how to run it again, and prints its result',
    () =>
      withCli(async (cli) => {
        const runId = await killedRun(cli);
        await cli.call(['runs', 'cancel', runId]);
        const resumed = await cli.call(['runs', 'resume', runId]);
        assert.is(resumed.code, 4);
        assert.is(jsonOf(resumed).status, 'cancelled');
        assert.match(resumed.stderr, `Run ${runId} has ended already (cancelled) and cannot be resumed`);
        assert.match(resumed.stderr, `llmteam runs fork ${runId} --from-step STEP`);
        assert.is((await cli.call(['runs', 'resume', runId, '-q'])).stderr, '');
      }),
    patience,
  );
});
