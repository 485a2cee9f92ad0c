// takes: 20
import { partitionLeaseKey } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { makeKey } from '../services/support/gateways.js';
import { type Installation, withInstallation } from '../services/support/installation.js';
import type { Service } from '../services/support/service.js';
import { until } from '../services/support/until.js';
import { spec } from '../support/spec.js';
import { child, mixed } from './support/mixed-segment.js';
import { openMixedServer } from './support/mixed-server.js';
import { checkChild, mixedLine, mixedNames, mixedTree } from './support/mixed-tree.js';
import { openOtlpReceiver, type ReceivedSpan } from './support/otlp-receiver.js';
import { treeOf } from './support/span-tree.js';

const caller = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };

/** A client of the gateway. */
function clientOf(url: string, key: string) {
  return async (path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${url}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
}

/** Kills the coordinator that drives the run, without a word. */
async function killOwner(installation: Installation, coordinators: readonly Service[], runId: string): Promise<void> {
  await installation.withClient(async ({ backend }) => {
    const partition = backend.journal.partitionOf({ tenant_id: 'acme', run_id: runId });
    const owner = JSON.stringify((await backend.kv.get(partitionLeaseKey(partition)))?.value);
    const driving = coordinators.find(({ pid }) => owner.includes(`-${pid}-`));
    assert.ok(driving, `no coordinator is ${owner}`);
    driving?.signal('SIGKILL');
    await driving?.ended;
  });
}

/** Runs the mixed segment to its end while its coordinator and a worker are killed; returns the spans of all processes. */
async function spansOfRun(): Promise<readonly ReceivedSpan[]> {
  const receiver = await openOtlpReceiver();
  const server = await openMixedServer();
  try {
    await withInstallation({ environment: { LLMTEAM_TRACING_ENDPOINT: receiver.endpoint } }, async (installation) => {
      const { cli } = installation;
      cli.write('llmteam.config.json', {
        clients: { server: { base_url: server.origin, allow_private_network: true } },
        llms: { model: { provider: 'offline' } },
      });
      const [workers, coordinators] = (['worker', 'coordinator'] as const).map((kind) => [
        installation.start(kind),
        installation.start(kind),
      ]) as [Service[], Service[]];
      const gateway = installation.start('gateway');
      for (const service of [...workers, ...coordinators, gateway]) await service.ready();
      const ask = clientOf(await gateway.url(), await makeKey(installation));
      for (const segment of [child, mixed]) assert.ok((await ask('/segments', segment)).ok);
      const headers = { traceparent: `00-${caller.trace_id}-${caller.span_id}-01`, tracestate: 'acme=1' };
      const started = await ask('/segments/mixed/runs', {}, headers);
      const { run_id } = (await started.json()) as { run_id: string };
      const task = `/tasks/${encodeURIComponent(`${run_id}:approve`)}`;
      await until('the task', async () => (await ask(task)).status === 200 || null);
      // What a worker has not exported yet dies with it.
      const ofWorkers = () => receiver.spans.filter(({ name }) => /^(GET$|chat )/.test(name)).length;
      await until('four requests and a call of a model', () => ofWorkers() === 5 || null);
      workers[0]?.signal('SIGKILL');
      await killOwner(installation, coordinators, run_id);
      assert.ok((await ask(`${task}/answer`, { decision: 'approve' })).ok);
      await until('the end', async () => {
        const view = (await (await ask(`/runs/${run_id}?wait=5`)).json()) as { status: string };
        return view.status === 'completed' || null;
      });
      for (const service of [gateway, ...workers, ...coordinators]) await service.stop();
    });
    return receiver.spans;
  } finally {
    await server.close();
    await receiver.close();
  }
}

spec('traces of an installation', (test) => {
  test(
    'one trace tells a run over gateway, coordinators and workers, two of which are killed, and no span twice',
    async () => {
      const spans = await spansOfRun();
      const ids = spans.map(({ trace_id, span_id }) => `${trace_id}/${span_id}`);
      assert.is(new Set(ids).size, ids.length);
      const ofCaller = spans.filter(({ trace_id }) => trace_id === caller.trace_id);
      assert.equal(treeOf(ofCaller, mixedLine, caller.span_id, mixedNames), mixedTree);
      checkChild(spans);
      const services = (name: RegExp) => [
        ...new Set(ofCaller.filter((span) => name.test(span.name)).map(({ service }) => service)),
      ];
      assert.equal(services(/^(run|step) /), ['llmteam-coordinator']);
      assert.equal(services(/^(GET|chat)/), ['llmteam-worker']);
      assert.equal(services(/^POST/), ['llmteam-gateway']);
    },
    { timeoutMs: 120_000 },
  );
});
