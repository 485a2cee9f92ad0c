// takes: 50
import type { RunEvent, RunListing, RunView, StepDetail, StepRecord } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { eventsIn, jsonOf, resultOf, withCli } from './support/cli.js';
import { chain, delay, doubling, transform, waiting } from './support/segments.js';

const patience = { timeoutMs: 120_000 };

interface Listed {
  readonly runs: readonly Pick<RunListing, 'run_id' | 'segment_id' | 'status' | 'metadata'>[];
  readonly cursor: string | null;
}

spec('llmteam runs', (test) => {
  test(
    'steps lists the steps of a run, and shows what one got and gave',
    () =>
      withCli(async ({ write, call }) => {
        write('doubling.json', doubling);
        const { run_id } = jsonOf(await call(['run', 'doubling.json', '-j', '{"n": 21}']));
        const { steps } = jsonOf<{ steps: StepRecord[] }>(await call(['runs', 'steps', run_id, '--json']));
        assert.equal(
          steps.map(({ step }) => step),
          ['one', 'double', 'wrap'],
        );
        const shown = jsonOf<StepDetail>(await call(['runs', 'show', run_id, '--step', 'double', '--json']));
        assert.equal([shown.inputs, shown.outputs], [{ input: 21 }, { output: 42 }]);
        const text = (await call(['runs', 'steps', run_id, 'double'])).stdout;
        assert.match(text, /^double {2}transform {2}completed\n[\s\S]*inputs\n[\s\S]*21[\s\S]*outputs\n[\s\S]*42/);
        const unknown = await call(['runs', 'steps', run_id, 'nothing']);
        assert.match(unknown.stderr, "has no step 'nothing'");
      }),
    patience,
  );

  test(
    'list shows runs newest first, by status, segment, tenant and id of yours, in pages',
    () =>
      withCli(async ({ write, call }) => {
        write('doubling.json', doubling);
        write('failing.json', chain('failing', [transform('a', 'input.nothing')]));
        const ids: string[] = [];
        for (const file of ['doubling.json', 'failing.json', 'doubling.json']) {
          ids.unshift(jsonOf(await call(['run', file])).run_id);
        }
        const other = jsonOf(await call(['run', 'doubling.json', '--tenant', 'other', '--correlation-id', 'order-7']));
        const labelled = jsonOf(
          await call(['run', 'doubling.json', '--tenant', 'labels', '--metadata', 'customer=A = B']),
        );
        const list = async (...args: string[]): Promise<Listed> =>
          jsonOf(await call(['runs', 'list', '--json', ...args]));
        assert.equal(
          (await list()).runs.map(({ run_id }) => run_id),
          ids,
        );
        assert.equal(
          (await list('--status', 'failed')).runs.map(({ run_id }) => run_id),
          [ids[1]],
        );
        assert.is((await list('--segment', 'doubling')).runs.length, 2);
        assert.equal(
          (await list('--tenant', 'other', '--correlation-id', 'order-7')).runs.map(({ run_id }) => run_id),
          [other.run_id],
        );
        assert.is((await list('--status', 'failed', 'completed', '--until', '2999-01-01')).runs.length, 3);
        const byLabel = await list('--tenant', 'labels', '--metadata', 'customer=A = B');
        assert.equal(
          byLabel.runs.map(({ run_id, metadata }) => [run_id, metadata]),
          [[labelled.run_id, { customer: 'A = B' }]],
        );
        assert.is((await list('--since', '1h')).runs.length, 3);
        assert.is((await list('--since', '2999-01-01')).runs.length, 0);
        const first = await list('--limit', '2');
        const second = await list('--limit', '2', '--cursor', first.cursor ?? '');
        assert.equal(
          [...first.runs, ...second.runs].map(({ run_id }) => run_id),
          ids,
        );
        assert.is(second.cursor, null);
        const [newest] = first.runs;
        const view = jsonOf<RunView>(await call(['runs', 'show', newest?.run_id ?? '', '--json']));
        const shared = Object.keys(newest ?? {}).map((key) => [key, view[key as keyof RunView]]);
        assert.equal(newest, Object.fromEntries(shared), 'names and times are those of runs show');
        const table = await call(['runs', 'list', '--limit', '1']);
        assert.match(table.stdout, /^RUN +SEGMENT +STATUS +STARTED +DURATION\n\S+ +doubling +completed/);
        assert.match(table.stderr, /^More results: --cursor \S+\n$/);
      }),
    patience,
  );

  test(
    'show and events tell of a run, as text and as JSON',
    () =>
      withCli(async ({ write, call }) => {
        write('doubling.json', doubling);
        const ran = await call(['run', 'doubling.json', '--json']);
        const { run_id } = resultOf(ran);
        const [text, json, table, lines, unknown] = await Promise.all([
          call(['runs', 'show', run_id]),
          call(['runs', 'show', run_id, '--json']),
          call(['runs', 'events', run_id, '--from', '3']),
          call(['runs', 'events', run_id, '--json']),
          call(['runs', 'show', 'nobody']),
        ]);
        assert.match(text.stdout, /^doubling +completed\n[\s\S]*double +transform +completed +1[\s\S]*"doubled": 2/);
        assert.is(jsonOf<RunView>(json).steps.length, 3);
        assert.match(table.stdout, /^SEQ +TIME[^\n]*\n3 +/);
        assert.equal(eventsIn(lines.stdout), eventsIn(ran.stdout), 'the history gives the same events, byte for byte');
        assert.is(unknown.code, 1);
        assert.match(unknown.stderr, /^error RUN_UNKNOWN: /);
      }),
    patience,
  );

  test(
    'pause, resume and signal reach a run that another process drives',
    () =>
      withCli(async ({ write, start, call }) => {
        const started = start(['run', write('waiting.json', waiting), '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        const paused = await call(['runs', 'pause', run_id, '--reason', 'lunch']);
        assert.is(paused.code, 0, paused.stderr);
        const { payload } = await started.event('segment.paused');
        assert.equal(payload, { reason: 'lunch', by: 'llmteam' });
        const resumed = start(['runs', 'resume', run_id]);
        await started.event('segment.resumed');
        await call(['runs', 'signal', run_id, 'go', '--payload', '{"at": "last"}']);
        const [first, second] = await Promise.all([started.ended, resumed.ended]);
        assert.is(first.code, 0, first.stderr);
        assert.is(second.code, 0, second.stderr);
        assert.equal(jsonOf(second), resultOf(first), 'both print the same result');
        assert.equal(jsonOf(second).output, { at: 'last' });
      }),
    patience,
  );

  test(
    'cancel ends a run that another process drives, with 4 there',
    () =>
      withCli(async ({ write, start, call }) => {
        const started = start(['run', write('waiting.json', waiting), '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        assert.is((await call(['runs', 'cancel', run_id])).code, 0);
        assert.is((await started.ended).code, 4);
        assert.is((await call(['runs', 'cancel', run_id])).code, 0, 'once more changes nothing');
        const late = await call(['runs', 'pause', run_id]);
        assert.is(late.code, 1);
        assert.match(late.stderr, /^error RUN_ENDED: /);
      }),
    patience,
  );

  test(
    'a run whose process was killed goes on with resume; what was done is not done again',
    () =>
      withCli(async ({ write, start, call }) => {
        const steps = [transform('before', "{'done': 1}"), delay('pause', 2), transform('after', 'input.done + 1')];
        const started = start(['run', write('killed.json', chain('killed', steps)), '--json']);
        const { run_id } = await started.event('step.waiting', 'pause');
        started.signal('SIGKILL');
        await started.ended;
        assert.is(jsonOf(await call(['runs', 'show', run_id, '--json'])).status, 'running');
        const resumed = await call(['runs', 'resume', run_id, '--json']);
        const result = resultOf(resumed);
        assert.is(resumed.code, 0, resumed.stderr);
        assert.is(result.output, 2);
        const events = eventsIn((await call(['runs', 'events', run_id, '--json'])).stdout);
        const begun = events.filter(
          ({ event_type, step_id }: RunEvent) => event_type === 'step.started' && step_id === 'before',
        );
        assert.is(begun.length, 1);
        const again = await call(['runs', 'resume', run_id]);
        assert.equal(jsonOf(again), result, 'a run that has ended tells its result');
      }),
    patience,
  );

  test(
    'a killed run can be cancelled, and is cancelled in lists',
    () =>
      withCli(async ({ write, start, call }) => {
        const started = start(['run', write('waiting.json', waiting), '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        started.signal('SIGKILL');
        await started.ended;
        const cancelled = await call(['runs', 'cancel', run_id]);
        assert.is(cancelled.code, 0, cancelled.stderr);
        const { runs } = jsonOf<Listed>(await call(['runs', 'list', '--json']));
        assert.is(runs[0]?.status, 'cancelled');
        assert.is((await call(['runs', 'resume', run_id])).code, 4);
      }),
    patience,
  );

  test(
    'a signal to a run that nobody drives is kept, and resume takes it',
    () =>
      withCli(async ({ write, start, call }) => {
        const started = start(['run', write('waiting.json', waiting), '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        started.signal('SIGKILL');
        await started.ended;
        const sent = await call(['runs', 'signal', run_id, 'go', '--payload', '7']);
        assert.match(sent.stderr, new RegExp(`No process works on this run. To go on: llmteam runs resume ${run_id}`));
        assert.is(jsonOf(await call(['runs', 'resume', run_id])).output, 7);
      }),
    patience,
  );

  test(
    'fork runs again from a step on, with other values, and leaves the first run as it was',
    () =>
      withCli(async ({ write, call }) => {
        write('doubling.json', doubling);
        const first = jsonOf(await call(['run', 'doubling.json', '-j', '{"n": 3}']));
        const forked = await call([
          'runs',
          'fork',
          first.run_id,
          '--from-step',
          'double',
          '--input-overrides',
          '{"input": 50}',
        ]);
        assert.is(forked.code, 0, forked.stderr);
        assert.equal(jsonOf(forked).output, { doubled: 100 });
        assert.is.not(jsonOf(forked).run_id, first.run_id);
        assert.equal(jsonOf(await call(['runs', 'resume', first.run_id])), first);
        const unknown = await call(['runs', 'fork', first.run_id, '--from-step', 'nowhere']);
        assert.is(unknown.code, 1);
        assert.match(unknown.stderr, /^error STEP_UNKNOWN: /);
      }),
    patience,
  );

  test(
    'resume finds the configuration the run was started with',
    () =>
      withCli(async ({ folder, write, start, call }) => {
        const ask = { step_id: 'ask', type: 'llm_agent', config: { llm_ref: 'writer', user_prompt_template: 'bees' } };
        const file = write('there/asking.json', chain('asking', [delay('pause', 1), ask]));
        write('there/llmteam.config.json', { llms: { writer: { provider: 'offline' } } });
        const started = start(['run', file, '--json']);
        const { run_id } = await started.event('step.waiting', 'pause');
        started.signal('SIGKILL');
        await started.ended;
        const resumed = await call(['runs', 'resume', run_id], { cwd: folder });
        assert.is(resumed.code, 0, resumed.stderr);
        assert.match(String(jsonOf(resumed).output), /^\[offline offline\] bees/);
      }),
    patience,
  );

  test(
    'a follower takes over when the process that drove the run is killed',
    () =>
      withCli(async ({ write, start }) => {
        const steps = [transform('before', '1'), delay('pause', 4), transform('after', 'input + 1')];
        const first = start(['run', write('handed-over.json', chain('handed_over', steps)), '--json']);
        const { run_id } = await first.event('step.waiting', 'pause');
        const second = start(['runs', 'resume', run_id, '--log-level', 'debug']);
        await second.until('a sign of life', ({ stderr }) => (stderr.includes('following it') ? true : undefined));
        first.signal('SIGKILL');
        const ended = await second.ended;
        assert.is(ended.code, 0, ended.stderr);
        assert.is(jsonOf(ended).output, 2);
      }),
    patience,
  );
});
