import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { system_clock } from '@llmteam/backend-embedded';
import type { NatsBackend } from '@llmteam/backend-nats';
import { type Fact, is_llmteam_error } from '@llmteam/contracts';
import { load_config, open_nats, service_config } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { type Installation, with_installation } from '../services/support/installation.js';
import { ledger_chain, with_ledger } from '../services/support/ledger.js';
import { quiet_logger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

const patience = { timeout_ms: 90_000 };
const text = readFileSync(join(import.meta.dirname, '../../../deploy/nats/permissions.conf'), 'utf8');
/** The server reads them from its environment; here they stand in its file. */
const config = text.replaceAll(/\$(\w+)_PASSWORD\b/g, (_, name: string) => `"${name.toLowerCase()}-pass"`);

type User = 'coordinator' | 'worker' | 'gateway';

function as_user(user: User): Record<string, string> {
  return { LLMTEAM_NATS_USER: user, LLMTEAM_NATS_PASSWORD: `${user}-pass` };
}

async function with_backend_of(
  { environment }: Installation,
  user: User,
  use: (backend: NatsBackend) => Promise<void>,
): Promise<void> {
  const service = service_config(load_config(null, { ...environment, ...as_user(user) }));
  const backend = await open_nats(service, { name: 'test', clock: system_clock(), log: quiet_logger });
  try {
    await use(backend);
  } finally {
    await backend.close();
  }
}

async function with_services(use: (installation: Installation) => Promise<void>): Promise<void> {
  await with_installation({ server: { config } }, async (installation) => {
    with_ledger(installation);
    await installation.start('coordinator', as_user('coordinator')).ready();
    await installation.start('worker', as_user('worker')).ready();
    await use(installation);
  });
}

/** What the server wrote of what it did not permit. */
function violations({ server }: Installation): string[] {
  return server
    .log()
    .split('\n')
    .filter((line) => line.includes('Violation'));
}

async function is_refused(act: () => Promise<unknown>): Promise<void> {
  const outcome = await act().then(
    () => 'permitted',
    (error: unknown) => (is_llmteam_error(error) ? error.code : String(error)),
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
      with_services(async (installation) => {
        const gateway = { ...installation.environment, ...as_user('gateway') };
        await installation.with_client(async (client) => {
          const run = await client.start(ledger_chain(3, 10), { text: 'x'.repeat(600_000) });
          assert.is((await client.ended(run)).status, 'completed');
          const { code, stdout } = await installation.cli.call(['doctor'], { environment: gateway });
          assert.is(code, 0, stdout);
          await (await installation.start('gateway', as_user('gateway')).ready()).stop();
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
      with_services(async (installation) => {
        const run = { tenant_id: 'acme', run_id: 'r1' };
        await with_backend_of(installation, 'worker', async ({ journal, registry }) => {
          await is_refused(() => journal.append(run, [{ message_id: 'requested', fact: requested }]));
          await is_refused(() => registry.put('leases/0', { owner: 'me' }));
        });
        await with_backend_of(installation, 'gateway', async ({ queue, registry, journal }) => {
          await is_refused(() => queue.consume('ledger@1', { concurrency: 1 }, () => undefined));
          await is_refused(() => registry.put('leases/0', { owner: 'me' }));
          await is_refused(() => registry.put('step_types/ledger/1.0.0', {}));
          await is_refused(() => registry.put('tasks/acme/r1:ask', {}));
          await journal.append(run, [{ message_id: 'requested', fact: requested }]);
        });
        assert.ok(violations(installation).length >= 5);
      }),
    patience,
  );
});
