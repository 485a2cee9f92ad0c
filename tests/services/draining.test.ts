// takes: 10
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { asking } from '../gateway/support/segments.js';
import { openSse } from '../gateway/support/sse-client.js';
import { spec } from '../support/spec.js';
import { makeKey } from './support/gateways.js';
import { withInstallation } from './support/installation.js';
import type { Service } from './support/service.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 90_000 };
const drainMs = 1_500;

interface Asked {
  readonly path: string;
  readonly began: number;
  /** The status, or the code of the error. */
  readonly outcome: number | string;
  readonly text: string;
}

interface Target {
  readonly port: number;
  readonly key: string;
  readonly agent?: Agent;
}

function ask({ port, key, agent }: Target, path: string): Promise<Asked> {
  const began = performance.now();
  return new Promise((resolve) => {
    const end = (outcome: number | string, text = ''): void => resolve({ path, began, outcome, text });
    const headers = { Authorization: `Bearer ${key}` };
    const asked = request({ host: '127.0.0.1', port, path, headers, agent: agent ?? false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.once('end', () => end(answer.statusCode ?? 0, text));
      answer.once('error', () => end('cut'));
    });
    asked.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => end(code));
    asked.end();
  });
}

/** Asks all along, on connections that are kept and on new ones, until none is accepted. */
async function askAllAlong(target: Target, path: string): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (;;) {
    const one = await ask(target, path);
    asked.push(one);
    if (one.outcome === 'ECONNREFUSED') return asked;
    await sleep(10);
  }
}

async function reasonsOf(gateway: Service): Promise<readonly string[]> {
  const { status, text } = await gateway.get('/ready');
  return status === 200 ? [] : JSON.parse(text).reasons;
}

spec('a gateway that is told to stop', (test) => {
  test(
    'is not ready at once, and serves every request until its moment is over',
    () =>
      withInstallation({}, async (installation) => {
        const coordinator = await installation.start('coordinator').ready();
        const drain = { LLMTEAM_GATEWAY_DRAIN_SECONDS: String(drainMs / 1_000) };
        const gateway = await installation.start('gateway', drain).ready();
        const key = await makeKey(installation);
        const port = Number(new URL(await gateway.url()).port);
        const post = (path: string, body: object) =>
          fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
            method: 'POST',
            headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
          });
        assert.is((await post('/segments', asking)).status, 201);
        const { run_id } = (await (await post('/segments/asking/runs', {})).json()) as { run_id: string };
        const stream = await openSse(port, run_id, key);
        const waiting = ask({ port, key }, `/api/v1/runs/${run_id}?wait=60`);
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const path = `/api/v1/runs/${run_id}`;
        const clients = [askAllAlong({ port, key, agent }, path), askAllAlong({ port, key }, path)];
        await until('the beginning of the stream', () => stream.events.length > 0);

        const toldAt = performance.now();
        gateway.signal('SIGTERM');
        await until('a gateway that says so', async () => (await reasonsOf(gateway)).includes('it is stopping'));
        const late = await openSse(port, run_id, key);
        assert.is(late.status, 200);

        const asked = (await Promise.all(clients)).flat();
        agent.destroy();
        const meanwhile = asked.filter(({ began }) => began > toldAt && began < toldAt + drainMs - 100);
        assert.ok(meanwhile.length > 20, `${meanwhile.length} requests`);
        assert.equal(
          meanwhile.filter(({ outcome }) => outcome !== 200),
          [],
        );
        await Promise.all([stream.ended, late.ended]);
        for (const { events } of [stream, late]) assert.is(events[0]?.event_type, 'segment.started');
        assert.equal([(await waiting).outcome, JSON.parse((await waiting).text).status], [200, 'running']);
        assert.is((await gateway.ended).code, 0);
        await coordinator.stop();
      }),
    patience,
  );

  test(
    'exits at once when it is told again, and does not wait if it is not to',
    () =>
      withInstallation({}, async (installation) => {
        const start = (seconds: string, name: string): Service =>
          installation.start('gateway', {
            LLMTEAM_GATEWAY_DRAIN_SECONDS: seconds,
            LLMTEAM_GATEWAY_INDEX_FILE: `${installation.cli.folder}/${name}.db`,
          });
        const [patient, hasty] = await Promise.all([start('3600', 'one').ready(), start('0', 'two').ready()]);
        assert.is((await hasty.stop()).code, 0);
        patient.signal('SIGTERM');
        await until('a gateway that says so', async () => (await reasonsOf(patient)).includes('it is stopping'));
        assert.is((await patient.get('/health')).status, 200);
        patient.signal('SIGTERM');
        assert.is((await patient.ended).code, 130);
      }),
    patience,
  );
});
