/**
 * Coordinator, worker and gateway on the backend of llmteam.config.json, and a run. They share this process because nothing else
 * connects them than its memory; with a backend that has a server, each is a process: `llmteam serve coordinator`, and so on.
 */
import { EventEmitter, once } from 'node:events';
import { inspect } from 'node:util';
import { runCoordinator } from '@llmteam/coordinator';
import { KeyStore, runGateway } from '@llmteam/gateway';
import { LlmteamClient } from '@llmteam/sdk';
import { findConfig, loadConfig, openServiceBackend, serviceConfig, systemClock } from '@llmteam/service-host';
import { runWorker } from '@llmteam/worker';

const config = serviceConfig(loadConfig(findConfig(process.cwd())));
const lines = new EventEmitter();
const nothing = () => undefined;
const print = (text) => process.stdout.write(`${text}\n`);
const complain = (fields, message) => process.stderr.write(`${message} ${inspect(fields)}\n`);
const log = {
  debug: nothing,
  info: (fields, message) => lines.emit(message, fields),
  warn: complain,
  error: complain,
  child: () => log,
};

const leave = () => process.exit(1);
const served = once(lines, 'the gateway serves requests');
const services = Promise.all([
  runCoordinator({ config, log, leave }),
  runWorker({ config, log, leave }),
  runGateway({ config, log, leave, version: '1.0.0' }),
]);
const [{ port }] = await Promise.race([served, services]);

// `llmteam keys create --nats` is another process.
const clock = systemClock();
const backend = await openServiceBackend(config, { name: 'try-it', clock, log });
const { key } = await new KeyStore(backend.kv, clock).create({
  tenant_id: 'default',
  role: 'admin',
  name: 'me',
  expires_at: null,
});
await backend.close();

const client = new LlmteamClient({ url: `http://127.0.0.1:${port}`, key });
await client.storeSegment({
  segment_id: 'sum',
  name: 'Sum',
  entrypoint: 'wait',
  steps: [
    { step_id: 'wait', type: 'delay', config: { seconds: 0.1 } },
    { step_id: 'add', type: 'transform', config: { expression: 'run.input.a + run.input.b' } },
  ],
  edges: [{ from: 'wait', to: 'add' }],
});
const { run_id } = await client.startRun('sum', { input_data: { a: 40, b: 2 } });
const run = await client.getRun(run_id, { wait: 30 });
print(`${run.status}: ${JSON.stringify(run.output)}`);

process.kill(process.pid, 'SIGTERM');
print((await services).join(' '));
