// takes: 10
/** `llmteam run` within the trace of whoever calls it: `TRACEPARENT` and `TRACESTATE`. */
import type { RunView } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { type Cli, type Ended, jsonOf, resultOf, withCli } from '../cli/support/cli.js';
import { askingAt, startDev } from '../cli/support/dev-service.js';
import { doubling } from '../cli/support/segments.js';
import { spec } from '../support/spec.js';
import { type OtlpReceiver, openOtlpReceiver } from './support/otlp-receiver.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const caller = { TRACEPARENT: `00-${traceId}-${spanId}-01`, TRACESTATE: 'acme=1' };

interface World {
  readonly cli: Cli;
  readonly receiver: OtlpReceiver;
  /** Runs the segment in an environment, and shows the run. */
  run(environment: Readonly<Record<string, string>>): Promise<RunView>;
}

async function withTracedCli(use: (world: World) => Promise<void>): Promise<void> {
  const receiver = await openOtlpReceiver();
  try {
    await withCli(async (cli) => {
      cli.write('llmteam.config.json', { tracing: { endpoint: receiver.endpoint } });
      cli.write('segment.json', doubling);
      const succeed = async (
        args: readonly string[],
        environment: Readonly<Record<string, string>>,
      ): Promise<Ended> => {
        const ended = await cli.call(args, { environment });
        assert.is(ended.code, 0, ended.stderr);
        return ended;
      };
      const run: World['run'] = async (environment) => {
        const { run_id } = resultOf(await succeed(['run', 'segment.json', '--json'], environment));
        return jsonOf(await succeed(['runs', 'show', run_id, '--json'], environment)) as unknown as RunView;
      };
      await use({ cli, receiver, run });
    });
  } finally {
    await receiver.close();
  }
}

spec('the trace of a command', (test) => {
  test(
    'a run goes on with the trace of its caller, locally and at a gateway',
    () =>
      withTracedCli(async ({ cli, receiver, run }) => {
        assert.is((await run(caller)).trace_id, traceId);
        const dev = await startDev(cli);
        const there = askingAt(dev.url, String(dev.key)).environment;
        assert.is((await run({ ...caller, ...there })).trace_id, traceId);
        await dev.stop();
        const ids = receiver.spans.map(({ span_id }) => span_id);
        assert.is(new Set(ids).size, ids.length, 'the copy that dev lists is not exported again');
        const [local, remote] = receiver.spans.filter(({ name }) => name.startsWith('run '));
        assert.equal([local?.trace_id, local?.parent_span_id, local?.trace_state], [traceId, spanId, 'acme=1']);
        const request = receiver.spans.find(({ span_id }) => span_id === remote?.parent_span_id);
        assert.equal([request?.trace_id, request?.parent_span_id, request?.trace_state], [traceId, spanId, 'acme=1']);
      }),
    { timeoutMs: 60_000 },
  );

  test(
    'a malformed caller counts as none; one that is not sampled leaves no span',
    () =>
      withTracedCli(async ({ receiver, run }) => {
        const own = await run({ TRACEPARENT: 'nonsense', TRACESTATE: '=' });
        assert.match(String(own.trace_id), /^[0-9a-f]{32}$/);
        assert.is(own.traced, true);
        const spans = receiver.spans.length;
        const unsampled = await run({ TRACEPARENT: `00-${traceId}-${spanId}-00` });
        assert.equal([unsampled.trace_id, unsampled.traced], [traceId, undefined]);
        assert.is(receiver.spans.length, spans);
      }),
    { timeoutMs: 60_000 },
  );

  test('a receiver that does not listen, or never answers, is told in one line, and holds the command up for about a second', () =>
    withTracedCli(async ({ cli, receiver }) => {
      const said = async (endpoint: string): Promise<void> => {
        cli.write('llmteam.config.json', { tracing: { endpoint } });
        const { code, stderr } = await cli.call(['run', 'segment.json', '--json']);
        assert.is(code, 0, stderr);
        const lines = stderr.split('\n').filter((line) => line.includes('spans cannot be delivered'));
        assert.is(lines.length, 1, stderr);
        assert.match(lines[0] ?? '', /^warning: spans cannot be delivered to http:.*: it did not take them in time$/);
      };
      await said('http://127.0.0.1:1');
      receiver.behave('hang');
      await said(receiver.endpoint);
    }));
});
