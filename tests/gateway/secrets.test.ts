import { inspect } from 'node:util';
import type { Logger, RunAccepted } from '@llmteam/contracts';
import { routes } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { sampleBody, samplePath } from './support/sample-requests.js';
import { asking, echo, waiting } from './support/segments.js';
import { openSocket } from './support/socket-client.js';
import { openSse } from './support/sse-client.js';
import { withGateway, withSegments } from './support/with-gateway.js';

/** Records every line, whatever its level. */
function listeningLog(lines: string[]): Logger {
  const write = (...said: unknown[]): void => {
    lines.push(inspect(said, { depth: 8 }));
  };
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  return log;
}

spec('the secret part of a key', (test) => {
  test('appears in no log line, answer, event, metric or stored value, whatever is asked with it', async () => {
    const lines: string[] = [];
    await withGateway(
      async (world) => {
        const { key } = await world.keys.create({ tenant_id: 'acme', role: 'admin', name: 'k', expires_at: null });
        const own = await withSegments(await world.client(), echo, waiting, asking);
        const answers: string[] = [];
        const { run_id } = (await own.post<RunAccepted>('/api/v1/segments/waiting/runs', {}, { key })).json;
        const ids = { run_id, segment_id: 'echo', task_id: `${run_id}:wait` };
        const stream = await openSse(world.port, run_id, key);
        const socket = openSocket(world.port, run_id, { protocols: ['llmteam.v1', `llmteam.key.${key}`] });
        for (const route of routes) {
          for (const sent of [sampleBody(route), '{"broken"']) {
            const body = route.body === undefined ? undefined : sent;
            const options = { key, body, headers: { 'X-Request-Id': 'r' } };
            const answer = await own.send(route.method.toUpperCase(), samplePath(route, ids), options);
            answers.push(inspect([answer.headers, answer.text], { maxStringLength: null }));
          }
        }
        await stream.ended;
        await socket.closed;
        answers.push(inspect([stream.events, socket.events], { depth: 8 }));
        answers.push(JSON.stringify(await world.backend.kv.list('')));
        answers.push((await world.stranger.get('/metrics')).text);
        const secret = key.slice(-43);
        for (const text of [...lines, ...answers]) assert.not.ok(text.includes(secret), text.slice(0, 500));
        assert.ok(lines.length > 40, `${lines.length} lines were logged`);
        assert.ok(answers.length > 50);
      },
      { log: listeningLog(lines) },
    );
  });
});
