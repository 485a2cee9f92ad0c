// takes: 15
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Backend, type Fact, isLlmteamError } from '@llmteam/contracts';
import { loadConfig, openServiceBackend, serviceConfig, systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { type Installation, withInstallation } from '../services/support/installation.js';
import { ledgerChain, withLedger } from '../services/support/ledger.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

const patience = { timeoutMs: 90_000 };
const text = readFileSync(join(import.meta.dirname, '../../../deploy/nats/permissions.conf'), 'utf8');
/** In production the server reads them from its environment; here they are in its configuration file. */
const config = text.replaceAll(/\$(\w+)_PASSWORD\b/g, (_, name: string) => `"${name.toLowerCase()}-pass"`);

type User = 'coordinator' | 'worker' | 'gateway';

function asUser(user: User): Record<string, string> {
  return { LLMTEAM_NATS_USER: user, LLMTEAM_NATS_PASSWORD: `${user}-pass` };
}

async function withBackendOf(
  { environment }: Installation,
  user: User,
  use: (backend: Backend) => Promise<void>,
): Promise<void> {
  const service = serviceConfig(loadConfig(null, { ...environment, ...asUser(user) }));
  const backend = await openServiceBackend(service, { name: 'test', clock: systemClock(), log: quietLogger });
  try {
    await use(backend);
  } finally {
    await backend.close();
  }
}

async function withServices(use: (installation: Installation) => Promise<void>): Promise<void> {
  await withInstallation({ server: { config } }, async (installation) => {
    withLedger(installation);
    await installation.start('coordinator', asUser('coordinator')).ready();
    await installation.start('worker', asUser('worker')).ready();
    await use(installation);
  });
}

/** The permission violations in the server's log. */
function violations({ server }: Installation): string[] {
  return server
    .log()
    .split('\n')
    .filter((line) => line.includes('Violation'));
}

async function isRefused(act: () => Promise<unknown>): Promise<void> {
  const outcome = await act().then(
    () => 'permitted',
    (error: unknown) => (isLlmteamError(error) ? error.code : String(error)),
  );
  assert.match(outcome, /^BACKEND_UNSUITABLE$/);
}

const requested: Fact = {
  type: 'run.requested',
  at: 0,
  segment_id: 's',
  definition: 'sha256:0',
  input: null,
  instance_id: 'default',
  correlation_id: null,
  trace_id: '0'.repeat(32),
  timeout_seconds: null,
  engine: '1.0.0',
};

spec('deploy/nats/permissions.conf', (test) => {
  test(
    'permits every service what it does',
    () =>
      withServices(async (installation) => {
        const gateway = { ...installation.environment, ...asUser('gateway') };
        await installation.withClient(async (client) => {
          const run = await client.start(ledgerChain(3, 10), { texts: ['x'.repeat(300_000), 'x'.repeat(300_000)] });
          assert.is((await client.ended(run)).status, 'completed');
          const { code, stdout } = await installation.cli.call(['doctor'], { environment: gateway });
          assert.is(code, 0, stdout);
          await (await installation.start('gateway', asUser('gateway')).ready()).stop();
          const made = await installation.cli.call(['keys', 'create', '--nats', '--role', 'admin'], {
            environment: gateway,
          });
          assert.is(made.code, 0, made.stderr);
        }, gateway);
        assert.equal(violations(installation), []);
      }),
    patience,
  );

  test(
    'lets a worker ask for no run and end none, and a gateway take no job and no partition',
    () =>
      withServices(async (installation) => {
        const run = { tenant_id: 'acme', run_id: 'r1' };
        await withBackendOf(installation, 'worker', async ({ journal, kv }) => {
          await isRefused(() => journal.append(run, [{ message_id: 'requested', fact: requested }]));
          await isRefused(() => kv.put('leases/0', { owner: 'me' }));
        });
        await withBackendOf(installation, 'gateway', async ({ queue, kv, journal, blobs }) => {
          await isRefused(() => queue.consume('ledger@1', { concurrency: 1 }, () => undefined));
          await isRefused(() => kv.put('leases/0', { owner: 'me' }));
          await isRefused(() => kv.put('step_types/ledger/1.0.0', {}));
          await isRefused(() => kv.put('checkpoints/0', {}));
          await journal.append(run, [{ message_id: 'requested', fact: requested }]);
          await journal.remove(run);
          await kv.put('removed/0/run', []);
          await blobs.remove(await blobs.put(Buffer.from('large')));
        });
        assert.ok(violations(installation).length >= 5);
      }),
    patience,
  );
});
