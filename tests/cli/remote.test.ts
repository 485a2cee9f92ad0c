// timeout: 600
// takes: 100
/** Every command that inspects or controls runs and tasks, with a gateway: it prints the same as the command on the store itself. */
import type { AuditEntryPage, HumanTask, KeyCreated, RunExplanation, RunView } from '@llmteam/contracts';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { until } from '../gateway/support/until.js';
import { spec } from '../support/spec.js';
import {
  type CallOptions,
  type Cli,
  type Ended,
  eventsIn,
  jsonOf,
  resultOf,
  type Started,
  withCli,
} from './support/cli.js';
import { askingAt, type DevService, startDev } from './support/dev-service.js';
import { approval, chain, doubling, transform, waiting } from './support/segments.js';

const patience = { timeoutMs: 180_000 };

const asking = {
  ...chain('asking', [approval('ask', 'Publish?'), transform('say', 'input.answered_by')]),
  edges: [{ from: 'ask', from_port: 'approved', to: 'say' }],
};
interface World {
  readonly cli: Cli;
  readonly dev: DevService;
  readonly client: LlmteamClient;
  /** Calls with the gateway. */
  there(...args: readonly string[]): Promise<Ended>;
  /** Exit code, stdout and stderr are the same with the gateway and with the store it serves. */
  alike(...args: readonly string[]): Promise<Ended>;
}

async function withGatewayOfCli(use: (world: World) => Promise<void>): Promise<void> {
  await withCli(async (cli) => {
    const dev = await startDev(cli);
    const options: CallOptions = askingAt(dev.url, dev.key);
    const client = new LlmteamClient({ url: dev.url, key: String(dev.key) });
    const there = (...args: readonly string[]) => cli.call(args, options);
    const alike = async (...args: readonly string[]): Promise<Ended> => {
      const [remote, local] = await Promise.all([there(...args), cli.call(args)]);
      assert.equal(remote, local, args.join(' '));
      return remote;
    };
    for (const segment of [doubling, waiting, asking]) await client.storeSegment(segment);
    await use({ cli, dev, client, there, alike });
    await dev.stop();
  });
}

/** The task the run waits for. */
async function taskOf(client: LlmteamClient, runId: string): Promise<string> {
  await until(async () => (await client.listTasks({ run_id: runId })).tasks.length === 1);
  return (await client.listTasks({ run_id: runId })).tasks[0]?.task_id ?? '';
}

/** At that log level the CLI logs its requests; a page of events has a query. */
async function isFollowing(started: Started): Promise<void> {
  await started.until('a stream of events', ({ stderr }) => (/\/events: 200 in /.test(stderr) ? true : undefined));
}

spec('llmteam at a gateway', (test) => {
  test(
    'runs list, show and events say what they say of the store, as tables and as JSON',
    () =>
      withGatewayOfCli(async ({ client, alike }) => {
        const ids: string[] = [];
        for (const n of [1, 2, 3]) {
          const body = { input_data: { n }, correlation_id: `order-${n}`, metadata: { n: String(n), kind: 'a b' } };
          ids.unshift((await client.startRun('doubling', body, { wait: 20 })).run_id);
        }
        const [id = ''] = ids;
        await until(async () => (await client.listRuns({ status: 'completed' })).runs.length === 3);
        assert.match((await alike('runs', 'list')).stdout, /^RUN +SEGMENT[\s\S]*doubling +completed/);
        const listed = jsonOf<{ runs: RunView[] }>(await alike('runs', 'list', '--json'));
        assert.equal(
          listed.runs.map(({ run_id }) => run_id),
          ids,
        );
        const [labelled] = jsonOf<{ runs: RunView[] }>(
          await alike('runs', 'list', '--json', '--metadata', 'n=2', '--metadata', 'kind=a b'),
        ).runs;
        assert.equal([labelled?.run_id, labelled?.metadata], [ids[1], { n: '2', kind: 'a b' }]);
        for (const filter of [
          ['--status', 'failed'],
          ['--segment', 'doubling', '--since', '1h'],
          ['--since', '2999-01-01'],
          ['--correlation-id', 'order-2'],
          ['--status', 'failed', 'completed', '--until', '2999-01-01'],
          ['--parent', id],
        ]) {
          await alike('runs', 'list', '--json', ...filter);
        }
        const first = jsonOf<{ runs: RunView[]; cursor: string }>(
          await alike('runs', 'list', '--json', '--limit', '2'),
        );
        const second = await alike('runs', 'list', '--json', '--limit', '2', '--cursor', first.cursor);
        assert.equal([...first.runs, ...jsonOf<{ runs: RunView[] }>(second).runs], listed.runs);
        assert.match((await alike('runs', 'list', '--limit', '1000')).stdout, new RegExp(id));
        assert.match((await alike('runs', 'show', id)).stdout, /^doubling +completed\n[\s\S]*"doubled": 6/);
        assert.is(jsonOf<RunView>(await alike('runs', 'show', id, '--json')).run_id, id);
        assert.match((await alike('runs', 'events', id, '--from', '3')).stdout, /^SEQ +TIME[^\n]*\n3 +/);
        assert.ok(eventsIn((await alike('runs', 'events', id, '--json')).stdout).length > 5);
        assert.is((await alike('runs', 'events', id, '--json', '--from', '1000')).stdout, '');
      }),
    patience,
  );

  test(
    'runs explain says why a run is where it is',
    () =>
      withGatewayOfCli(async ({ client, alike, there }) => {
        const { run_id } = await client.startRun('asking', {});
        const task = await taskOf(client, run_id);
        const { stdout } = await alike('runs', 'explain', run_id);
        assert.match(stdout, `step 'ask' waits for somebody to answer task '${task}' (since 20`);
        assert.match(stdout, 'to move it: answer the task (`llmteam tasks answer`)');
        const { reasons } = jsonOf<RunExplanation>(await alike('runs', 'explain', run_id, '--json'));
        assert.equal(
          reasons.map(({ reason, step }) => [reason, step]),
          [['task', 'ask']],
        );
        await client.controlRun(run_id, 'cancel');
        await until(async () => (await client.getRun(run_id)).status === 'cancelled');
        assert.match((await alike('runs', 'explain', run_id)).stdout, /^the run ended at .* with status 'cancelled'/);
        assert.match((await there('runs', 'explain', 'nowhere')).stderr, /^error RUN_UNKNOWN: /);
      }),
    patience,
  );

  test(
    'pause, resume and signal reach a run; resume follows it to its end and prints its result',
    () =>
      withGatewayOfCli(async ({ cli, dev, client, there, alike }) => {
        const { run_id } = await client.startRun('waiting');
        const paused = await there('runs', 'pause', run_id, '--reason', 'lunch');
        assert.equal([paused.code, paused.stdout], [0, '']);
        assert.is(paused.stderr, `Run ${run_id} is paused: running steps finish, no new steps start.\n`);
        await until(async () => (await client.getRun(run_id)).status === 'paused');
        const resumed = cli.start(['runs', 'resume', run_id, '--json', '-o', 'out.json'], askingAt(dev.url, dev.key));
        await resumed.event('segment.resumed');
        const sent = await there('runs', 'signal', run_id, 'go', '--payload', '{"at": "last"}');
        assert.is(sent.stderr, `Signal 'go' sent to run ${run_id}.\n`);
        const ended = await resumed.ended;
        const waits = `Run ${run_id} waits at step 'wait' for signal go\n  llmteam runs signal ${run_id} go\n`;
        assert.equal([ended.code, ended.stderr], [0, waits]);
        const result = resultOf(ended);
        assert.equal(result.output, { at: 'last' });
        assert.ok(eventsIn(ended.stdout).some(({ event_type }) => event_type === 'segment.completed'));
        assert.equal(jsonOf(await alike('runs', 'resume', run_id)), result, 'a run that has ended tells its result');
        const late = await alike('runs', 'pause', run_id);
        assert.is(late.code, 1);
        assert.match(late.stderr, /^error RUN_ENDED: /);
        assert.match((await alike('runs', 'signal', run_id, 'go')).stderr, /^error RUN_ENDED: /);
      }),
    patience,
  );

  test(
    'cancel ends a run, with 4 for who follows it, and so does Ctrl-C',
    () =>
      withGatewayOfCli(async ({ cli, dev, client, there, alike }) => {
        const options = askingAt(dev.url, dev.key);
        const first = (await client.startRun('waiting')).run_id;
        const follower = cli.start(['runs', 'resume', first, '--log-level', 'debug'], options);
        await isFollowing(follower);
        const cancelled = await there('runs', 'cancel', first, '--reason', 'enough');
        assert.equal([cancelled.code, cancelled.stderr], [0, `Run ${first} is cancelled.\n`]);
        assert.is((await follower.ended).code, 4);
        assert.is((await alike('runs', 'resume', first)).code, 4);
        assert.is((await there('runs', 'cancel', first)).code, 0, 'once more changes nothing');

        const run = cli.start(['run', cli.write('waiting.json', waiting), '--json'], options);
        const { run_id } = await run.event('step.waiting', 'wait');
        run.signal('SIGINT');
        const ended = await run.ended;
        assert.is(ended.code, 4, ended.stderr);
        assert.is((await client.getRun(run_id)).status, 'cancelled');
      }),
    patience,
  );

  test(
    'a follower comes back to a gateway that was away, and misses and repeats nothing',
    () =>
      withCli(async (cli) => {
        const first = await startDev(cli);
        const client = new LlmteamClient({ url: first.url, key: String(first.key) });
        const run = cli.start(['run', cli.write('waiting.json', waiting), '--json'], askingAt(first.url, first.key));
        const { run_id } = await run.event('step.waiting', 'wait');
        await first.stop();
        const second = await startDev(cli, new URL(first.url).port);
        await client.signalRun(run_id, 'go', { payload: 'back' });
        const ended = await run.ended;
        assert.is(ended.code, 0, ended.stderr);
        assert.equal(eventsIn(ended.stdout), (await client.listEvents(run_id)).events);
        await second.stop();
      }),
    patience,
  );

  test(
    'fork begins anew from a step and follows the new run',
    () =>
      withGatewayOfCli(async ({ client, there, alike }) => {
        const { run_id } = await client.startRun('doubling', { input_data: { n: 3 } }, { wait: 20 });
        const forked = await there(
          'runs',
          'fork',
          run_id,
          '--from-step',
          'double',
          '--input-overrides',
          '{"input": 50}',
        );
        assert.is(forked.code, 0, forked.stderr);
        const result = jsonOf(forked);
        assert.equal(result.output, { doubled: 100 });
        assert.is(forked.stderr, `Run ${result.run_id} was forked from step 'double'.\n`);
        assert.is.not(result.run_id, run_id);
        assert.equal(jsonOf(await alike('runs', 'resume', result.run_id)), result);
        const unknown = await there('runs', 'fork', run_id, '--from-step', 'nowhere');
        assert.is(unknown.code, 1);
        assert.is(unknown.stderr, `error STEP_UNKNOWN: run '${run_id}' has no step 'nowhere' to fork from\n`);
      }),
    patience,
  );

  test(
    'tasks are listed, shown, claimed and answered as those of the store are',
    () =>
      withGatewayOfCli(async ({ client, there, alike }) => {
        const { run_id } = await client.startRun('asking');
        const id = await taskOf(client, run_id);
        assert.match((await alike('tasks', 'list')).stdout, /^TASK +STATUS[\s\S]* open +approval +/);
        const list = await alike('tasks', 'list', '--json', '--status', 'open', '--run', run_id, '--limit', '1');
        assert.is(jsonOf<{ tasks: HumanTask[] }>(list).tasks[0]?.task_id, id);
        assert.match((await alike('tasks', 'list', '--status', 'closed')).stderr, /No matching tasks/);
        assert.match((await alike('tasks', 'show', id)).stdout, new RegExp(`\nllmteam tasks answer ${id} --approve\n`));
        assert.is(jsonOf<HumanTask>(await alike('tasks', 'show', id, '--json')).task_id, id);
        const ofAnn = [
          'tasks',
          'list',
          '--json',
          '--assignee',
          'ann',
          '--segment',
          'asking',
          '--status',
          'open',
          'claimed',
        ];
        assert.equal(jsonOf<{ tasks: [] }>(await alike(...ofAnn)).tasks, []);
        const claimed = await there('tasks', 'claim', id, '--by', 'ann');
        await until(async () => (await client.listTasks({ assignee: 'ann' })).tasks.length === 1);
        assert.is(jsonOf<{ tasks: HumanTask[] }>(await alike(...ofAnn)).tasks[0]?.task_id, id);
        assert.equal([claimed.code, claimed.stderr], [0, 'Task claimed by ann.\n']);
        assert.match(
          (await alike('tasks', 'claim', id, '--by', 'bob')).stderr,
          /^error TASK_CLAIMED: .*claimed by ann/,
        );
        assert.match((await alike('tasks', 'answer', id, '--value', '"x"')).stderr, /^error ANSWER_INVALID: /);
        const answered = await there('tasks', 'answer', id, '--approve', '--by', 'ann', '--comment', 'fine');
        assert.equal([answered.code, answered.stderr], [0, 'Task answered: approve.\n']);
        await until(async () => (await client.getRun(run_id)).status === 'completed');
        assert.is((await client.getRun(run_id)).output, 'ann');
        assert.match((await alike('tasks', 'answer', id, '--reject', '--by', 'bob')).stderr, /^error TASK_CLOSED: /);
        const unknown = await there('tasks', 'show', `${run_id}:nothing`);
        assert.equal([unknown.code, unknown.stdout], [1, '']);
        assert.match(unknown.stderr, /^error TASK_UNKNOWN: there is no task '\S+:nothing'/);
      }),
    patience,
  );

  test(
    'keys are made, listed and revoked, and changes listed, as in the store',
    () =>
      withGatewayOfCli(async ({ dev, there, alike }) => {
        const made = await there('keys', 'create', '--role', 'approver', '--name', 'ada', '--expires', '1h', '--json');
        assert.is(made.code, 0, made.stderr);
        const { key, prefix } = jsonOf<KeyCreated>(made);
        assert.ok(key.includes(prefix));
        assert.match((await alike('keys', 'list')).stdout, /approver +ada +valid until/);
        const revoked = await there('keys', 'revoke', prefix);
        assert.equal([revoked.code, revoked.stderr], [0, "The key 'ada' is revoked.\n"]);
        assert.match((await alike('keys', 'list', '--json')).stdout, /"revoked_at": "2/);
        assert.match((await alike('keys', 'revoke', 'absent')).stderr, /^error KEY_UNKNOWN: there is no key 'absent'/);
        const both = await there('keys', 'create', '--role', 'viewer', '--nats', '--url', dev.url);
        assert.match(both.stderr, /--nats .*cannot be used with a gateway/);
        assert.match(
          (await alike('audit', 'list', '--action', 'create_key')).stdout,
          new RegExp(`create_key +201 .*/keys/${prefix}`),
        );
        const listed = await alike('audit', 'list', '--json', '--limit', '1', '--since', '1h');
        const { records, cursor } = jsonOf<AuditEntryPage>(listed);
        assert.equal([records[0]?.action, typeof cursor], ['revoke_key', 'string']);
        const next = await alike('audit', 'list', '--json', '--limit', '1', '--cursor', cursor ?? '');
        assert.is(jsonOf<AuditEntryPage>(next).records[0]?.action, 'create_key');
      }),
    patience,
  );

  test(
    'the key says whose runs they are: of two tenants neither sees the other',
    () =>
      withGatewayOfCli(async ({ cli, dev, client, there }) => {
        const { run_id } = await client.startRun('asking');
        const task = await taskOf(client, run_id);
        const made = await cli.call(['keys', 'create', '--role', 'admin', '--tenant', 'globex', '--json']);
        const { key } = jsonOf<{ key: string }>(made);
        const asGlobex = (...args: readonly string[]) => cli.call(args, askingAt(dev.url, key));
        assert.equal(jsonOf<{ runs: [] }>(await asGlobex('runs', 'list', '--json')).runs, []);
        assert.equal(jsonOf<{ tasks: [] }>(await asGlobex('tasks', 'list', '--json')).tasks, []);
        for (const args of [
          ['runs', 'show', run_id],
          ['runs', 'events', run_id],
          ['runs', 'pause', run_id],
          ['runs', 'cancel', run_id],
          ['runs', 'resume', run_id],
          ['runs', 'signal', run_id, 'go'],
          ['runs', 'fork', run_id, '--from-step', 'ask'],
        ]) {
          const { code, stdout, stderr } = await asGlobex(...args);
          assert.equal([code, stdout], [1, ''], args.join(' '));
          assert.is(stderr, `error RUN_UNKNOWN: there is no run '${run_id}' at ${dev.url}\n`);
        }
        for (const args of [
          ['tasks', 'show', task],
          ['tasks', 'claim', task],
          ['tasks', 'answer', task, '--approve'],
        ]) {
          assert.match((await asGlobex(...args)).stderr, /^error TASK_UNKNOWN: /);
        }
        const own = await asGlobex('run', cli.write('doubling.json', doubling));
        assert.is(own.code, 0, own.stderr);
        const unseen = await there('runs', 'show', jsonOf(own).run_id);
        assert.match(unseen.stderr, /^error RUN_UNKNOWN: /);
        assert.match((await there('runs', 'show', run_id)).stdout, /^asking +running/);
      }),
    patience,
  );

  test(
    '--url and --key name the gateway as the variables do; suggested commands name it again, also after a second Ctrl-C, never the key',
    () =>
      withGatewayOfCli(async ({ cli, dev, client }) => {
        const { run_id } = await client.startRun('asking');
        const id = await taskOf(client, run_id);
        const options = { environment: { MY_KEY: String(dev.key) } };
        const shown = await cli.call(['tasks', 'show', id, '--url', `${dev.url}/`, '--key', 'env:MY_KEY'], options);
        assert.match(shown.stdout, new RegExp(`\nllmteam tasks answer ${id} --url ${dev.url} --approve\n`));
        const made = await cli.call(['keys', 'create', '--role', 'viewer', '--json']);
        const viewer = jsonOf<{ key: string }>(made).key;
        const followed = cli.start(['runs', 'resume', run_id, '--url', dev.url, '--log-level', 'debug'], {
          environment: { LLMTEAM_KEY: viewer },
        });
        await isFollowing(followed);
        followed.signal('SIGINT');
        await followed.until('a refusal', ({ stderr }) =>
          /^error: the run could not be cancelled: the role 'viewer' /m.test(stderr) ? true : undefined,
        );
        followed.signal('SIGINT');
        const { code, stdout, stderr } = await followed.ended;
        assert.is(code, 130);
        assert.match(
          stderr,
          new RegExp(
            `\nrun ${run_id} goes on without this command; to follow it: llmteam runs resume ${run_id} --url ${dev.url}\n$`,
          ),
        );
        assert.not.ok(`${stdout}${stderr}`.includes(viewer));
        assert.not.ok(`${shown.stdout}${shown.stderr}`.includes(String(dev.key)));
      }),
    patience,
  );

  test(
    'delete removes a run that has ended',
    () =>
      withGatewayOfCli(async ({ client, there }) => {
        const { run_id } = await client.startRun('waiting');
        const active = await there('runs', 'delete', run_id, '--yes');
        assert.is(active.code, 1);
        assert.match(active.stderr, 'RUN_ACTIVE');
        await client.controlRun(run_id, 'cancel');
        await client.getRun(run_id, { wait: 20 });
        const deleted = await there('runs', 'delete', run_id, '--yes');
        assert.equal([deleted.code, deleted.stderr], [0, `Run ${run_id} is deleted.\n`]);
        assert.equal((await client.listRuns()).runs, []);
      }),
    patience,
  );
});
