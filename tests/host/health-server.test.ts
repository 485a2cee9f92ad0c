import { connect } from 'node:net';
import { isLlmteamError } from '@llmteam/contracts';
import { type HealthServer, openMetrics, openMetricsExposure, serveHealth } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

interface Asked {
  readonly server: HealthServer;
  readonly reasons: string[];
  ask(path: string, init?: RequestInit): Promise<Response>;
}

async function withHealth(use: (asked: Asked) => Promise<void>): Promise<void> {
  const reasons: string[] = [];
  const metrics = await openMetrics({ service: 'test' });
  metrics.counter({ name: 'things_total', help: 'Things.', labels: ['kind'] }).add(2, { kind: 'a"b' });
  metrics.lookedUp({ name: 'level', help: 'A level.' }, async () => 7);
  metrics.lookedUp({ name: 'broken', help: 'Cannot be looked up.' }, () => Promise.reject(new Error('no')));
  metrics.histogram({ name: 'seconds', help: 'Times.' }, [1, 5]).observe(2);
  const options = {
    host: '127.0.0.1',
    port: 0,
    setting: 'worker.http',
    notReady: () => reasons,
    metrics: openMetricsExposure(metrics.registry),
    log: quietLogger,
  };
  const server = await serveHealth(options);
  const ask = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${server.port}${path}`, init);
  try {
    await use({ server, reasons, ask });
  } finally {
    await server.close();
  }
}

spec('health server', (test) => {
  test('is alive from the first moment and ready as long as nothing speaks against it', () =>
    withHealth(async ({ ask, reasons }) => {
      reasons.push('not connected', 'partition 3 is not taken over');
      const alive = await ask('/health');
      assert.is(alive.status, 200);
      assert.equal(await alive.json(), { status: 'alive' });
      const waiting = await ask('/ready');
      assert.is(waiting.status, 503);
      assert.equal(await waiting.json(), { status: 'not ready', reasons: [...reasons] });
      reasons.length = 0;
      const ready = await ask('/ready?verbose=1');
      assert.is(ready.status, 200);
      assert.equal(await ready.json(), { status: 'ready' });
    }));

  test('gives what was counted as Prometheus reads it; one series that cannot be looked up hides no other', () =>
    withHealth(async ({ ask }) => {
      const response = await ask('/metrics');
      assert.is(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      const text = await response.text();
      assert.ok(text.includes('# TYPE llmteam_things_total counter'));
      assert.ok(text.includes('llmteam_things_total{kind="a\\"b"} 2'), text);
      assert.ok(text.includes('llmteam_level 7'));
      assert.ok(text.includes('llmteam_seconds_bucket{le="5"} 1'));
      assert.match(text, /process_resident_memory_bytes\{service="test"\} \d+/);
    }));

  test('answers HEAD without a body, and nothing but GET and HEAD on the three paths', () =>
    withHealth(async ({ ask }) => {
      const head = await ask('/health', { method: 'HEAD' });
      assert.is(head.status, 200);
      assert.is(await head.text(), '');
      const post = await ask('/metrics', { method: 'POST', body: 'x'.repeat(100_000) });
      assert.is(post.status, 405);
      assert.is(post.headers.get('allow'), 'GET, HEAD');
      await post.text();
      for (const path of ['/', '/healthz', '/metrics/', '/../health', '//health']) {
        const other = await ask(path);
        assert.is(other.status, path === '/../health' ? 200 : 404, path);
        await other.text();
      }
    }));

  test('closes although a caller keeps its connection open', () =>
    withHealth(async ({ server }) => {
      const socket = connect(server.port, '127.0.0.1');
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.on('error', () => undefined);
      const gone = new Promise((resolve) => socket.once('close', resolve));
      await server.close();
      await gone;
    }));

  test('says which address it cannot listen on', () =>
    withHealth(async ({ server }) => {
      const metrics = await openMetrics({});
      const address = { host: '127.0.0.1', port: server.port, setting: 'worker.http' };
      const exposed = openMetricsExposure(metrics.registry);
      const options = { ...address, notReady: () => [], metrics: exposed, log: quietLogger };
      const refused = await serveHealth(options).then(
        () => null,
        (error: unknown) => error,
      );
      assert.ok(isLlmteamError(refused) && refused.code === 'CONFIG_INVALID');
      assert.match(refused.message, `127.0.0.1:${server.port}: another program is using port ${server.port}; `);
      assert.match(refused.message, /\(worker\.http\)$/);
    }));
});
