import type { LlmteamError, RunView, Segment, StepContext } from '@llmteam/contracts';
import { openGuardedFetch } from '@llmteam/egress';
import {
  createExpressionCompiler,
  type Grant,
  type Outbound,
  Resources,
  Retry,
  StepCatalog,
  WorkLoop,
} from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { until } from '../gateway/support/until.js';
import { withHttpServer } from '../plugins/support/with-server.js';
import { type Handler, Partition, type Shared, withBackend } from '../run-loop/partition.js';
import { quietLogger } from '../support/quiet-logger.js';
import { workType } from '../support/simulation/work-type.js';
import { spec } from '../support/spec.js';

interface Plugin {
  readonly handler: Handler;
  /** What its manifest declares. */
  readonly declared?: readonly string[];
  readonly grant?: Grant;
  readonly timeout_seconds?: number;
}

const nothing = { llms: {}, clients: {}, stores: [], secrets: {}, reveal: String };

async function startWorker({ backend, clock }: Shared, plugin: Plugin, outbound: Outbound): Promise<WorkLoop> {
  const { handler, declared = ['network:*', 'client:api'], grant = 'declared' } = plugin;
  const catalog = new StepCatalog();
  const metadata = { ...workType.metadata, permissions: [...declared] };
  const standing = { plugin: 'acme', isOurs: false, isInProcess: true, grant, resources: () => undefined };
  catalog.add({ ...workType, metadata, run: handler }, '1.0.0', standing);
  const resources = new Resources(nothing, new Map());
  const retry = new Retry(clock, quietLogger, Number.POSITIVE_INFINITY, () => undefined);
  const compiler = createExpressionCompiler();
  const ports = { ...backend, clock, log: quietLogger, resources, outbound, compiler };
  const loop = new WorkLoop(ports, { workerId: 'w', catalog, retry });
  await loop.start();
  return loop;
}

/** What becomes of a run whose only step is that of the plugin; its requests really go out. */
async function viewOf(plugin: Plugin, meanwhile: (shared: Shared) => Promise<void> = async () => undefined) {
  const views: RunView[] = [];
  const guarded = await openGuardedFetch();
  const { timeout_seconds } = plugin;
  const segment: Segment = {
    segment_id: 'one',
    name: 'One',
    entrypoint: 'work',
    params: { timeout_seconds: null, max_retries: 0 },
    steps: [{ step_id: 'work', type: 'work', ...(timeout_seconds !== undefined && { timeout_seconds }) }],
  };
  await withBackend(async (shared) => {
    const partition = new Partition(shared, 'p', () => Promise.reject(new Error('has no worker')));
    await partition.takeOver();
    const worker = await startWorker(shared, plugin, guarded.fetch);
    const run = await partition.start(segment);
    await partition.settle();
    await meanwhile(shared);
    await until(async () => (await partition.view(run)).status !== 'running');
    views.push(await partition.view(run));
    await worker.stop(0);
    await partition.stop();
  });
  await guarded.close();
  return views[0] as RunView;
}

async function errorOf(plugin: Plugin): Promise<{ error_code?: string; error_message?: string }> {
  return (await viewOf(plugin)).error ?? {};
}

const asking =
  (url: string): Handler =>
  async ({ fetch }) => ({ output: await (await fetch(url)).text() });

async function withReached(use: (origin: string, host: string) => Promise<void>): Promise<void> {
  await withHttpServer(
    (_request, response) => void response.end('reached'),
    (origin) => use(origin, new URL(origin).host),
  );
}

spec('context.fetch', (test) => {
  test('a host that is not declared, or not granted, is named, with what is missing', async () => {
    const undeclared = await errorOf({ handler: asking('http://Api.test:8080/'), declared: ['network:*.example.com'] });
    assert.is(undeclared.error_code, 'PERMISSION_DENIED');
    assert.match(undeclared.error_message ?? '', "plugin 'acme' may not use network 'api.test:8080'");
    assert.match(undeclared.error_message ?? '', 'its manifest does not declare it');
    const refused = await errorOf({ handler: asking('https://api.test:443/'), grant: ['network:other.test'] });
    assert.match(refused.error_message ?? '', "may not use network 'api.test': the configuration does not grant it");
  });

  test('a private host needs a grant by its name', () =>
    withReached(async (origin, host) => {
      assert.is((await errorOf({ handler: asking(origin) })).error_code, 'EGRESS_BLOCKED');
      assert.is((await errorOf({ handler: asking(origin), grant: ['network:*'] })).error_code, 'EGRESS_BLOCKED');
      const view = await viewOf({ handler: asking(origin), grant: [`network:${host}`] });
      assert.is(view.output, 'reached');
    }));

  test('a client that is not declared or not configured is refused', async () => {
    const handler: Handler = async ({ fetch }) => ({ output: (await fetch('/', { client: 'api' })).status });
    assert.is((await errorOf({ handler })).error_code, 'UNKNOWN_REF');
    const { error_code, error_message } = await errorOf({ handler, declared: ['network:*'] });
    assert.is(error_code, 'PERMISSION_DENIED');
    assert.match(error_message ?? '', "client 'api'");
  });

  test('the timeout of the step ends a body that is being read', () =>
    withHttpServer(
      (_request, response) => void response.write('start'),
      async (origin) => {
        const host = new URL(origin).host;
        const codes: unknown[] = [];
        const began: unknown[] = [];
        const handler: Handler = async ({ fetch }) => {
          const response = await fetch(origin);
          began.push(response.status);
          await response.text().catch((error: LlmteamError) => codes.push(error.code));
          return {};
        };
        const plugin = { handler, grant: [`network:${host}`], timeout_seconds: 5 };
        const view = await viewOf(plugin, async ({ clock }) => {
          await until(() => began.length === 1);
          await clock.advance(5_000);
        });
        assert.is(view.error?.error_code, 'STEP_TIMEOUT');
        await until(() => codes.length === 1);
        assert.equal(codes, ['STEP_TIMEOUT']);
      },
    ));

  test('once the handler has settled no request starts, and a body that it left is let go', async () => {
    const sockets = new Set<unknown>();
    const left: StepContext[] = [];
    await withHttpServer(
      (request, response) => {
        sockets.add(request.socket);
        request.socket.once('close', () => sockets.delete(request.socket));
        response.write('start');
      },
      async (origin) => {
        const handler: Handler = async (context) => {
          left.push(context);
          return { output: (await context.fetch(origin)).status };
        };
        const view = await viewOf({ handler, grant: [`network:${new URL(origin).host}`] });
        assert.is(view.output, 200);
        await until(() => sockets.size === 0);
        const thrown = await left[0]?.fetch(origin).catch((error: unknown) => error);
        assert.is((thrown as LlmteamError).code, 'CANCELLED');
        assert.is(sockets.size, 0);
      },
    );
  });
});
