// takes: 50
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Isolation } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withHostileCopy } from './support/hostile-copy.js';
import { endOf, type HostileRuntime, withHostile } from './support/hostile-runtime.js';

const patience = { timeoutMs: 60_000 };
const everywhere: readonly Isolation[] = ['inline', 'thread', 'process'];
const isolated: readonly Isolation[] = ['thread', 'process'];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** While steps of the same and of another plugin are in flight, which must end right. */
async function amongOthers<T>({ calm, other }: HostileRuntime, work: () => Promise<T>): Promise<T> {
  const neighbours = [calm(300), calm(300), calm(0), other()];
  const result = await work();
  const ends = (await Promise.all([...neighbours, calm(0), other()])).map(({ status }) => status);
  assert.equal(
    ends,
    ends.map(() => 'completed'),
  );
  return result;
}

/** What is not told by the end of a step alone; the rest is a row of `support/hostile-table.ts`. */
spec('what a hostile handler does', (test) => {
  for (const isolation of everywhere) {
    test(
      `${isolation}: an error outside of its promise is its own; one after the step has ended changes nothing`,
      () =>
        withHostile(isolation, async (hostile) => {
          const during = await amongOthers(hostile, () => hostile.act('strays', { config: { ms: 200 } }));
          assert.is(endOf(during), "STEP_FAILED: outside of the handler's promise: stray");
          const after = await amongOthers(hostile, () => hostile.act('strays', { config: { ms: 0 } }));
          assert.is(endOf(after), '"done"');
          const told = () => hostile.logged.filter((line) => line.includes('threw outside of its handler'));
          while (told().length < 2) await pause(10);
          const lines = told();
          assert.is(lines.length, 2, lines.join('\n'));
          for (const line of lines) assert.match(line, /"run_id":"run-\d+","step_id":"a"/);
        }),
      patience,
    );

    test(
      `${isolation}: what it still does after its end has no part in the next attempt`,
      () =>
        withHostile(
          isolation,
          async (hostile) => {
            assert.is(endOf(await hostile.act('lingers', { config: { ms: 100 } })), '1');
            const next = await hostile.act('keeps', { config: { ms: 400 } });
            assert.is(endOf(next), 'null');
            assert.equal(next.usage, { input_tokens: 0, output_tokens: 0 });
          },
          { grant: { stores: ['*'] } },
        ),
      patience,
    );
  }

  for (const isolation of everywhere) {
    test(
      `${isolation}: what it logs does not speak for the runtime, and is cut`,
      () =>
        withHostile(isolation, async (hostile) => {
          assert.is(endOf(await hostile.act('forges')), '1');
          const forged = hostile.logged.filter((line) => line.includes('forged line'));
          assert.is(forged.length, 2);
          assert.match(
            String(forged[0]),
            /{"plugin_level":"fatal","plugin_time":1,"plugin_run_id":"forged","plugin_tenant_id":"other","own":1}$/,
          );
          assert.is(forged.filter((line) => line.includes('"run_id":"forged"')).length, 0);
          const large = String(hostile.logged.find((line) => line.includes('large line')));
          assert.match(large, /large line m+ … \(cut from 1000011 characters\) .*f … \(cut from 1000012 characters\)/);
          assert.ok(large.length < 20_000, `a line of ${large.length} characters`);
        }),
      patience,
    );
  }

  test(
    'process: lines that it sends around its logger are dropped if they are large, and cut',
    () =>
      withHostile('process', async (hostile) => {
        assert.is(endOf(await hostile.act('log_flood')), '1');
        const lines = hostile.logged.filter((line) => line.includes('fffff'));
        assert.is(lines.length, 1);
        assert.ok(String(lines[0]).length < 9_000);
      }),
    patience,
  );

  for (const isolation of isolated) {
    test(
      `${isolation}: one that fills its heap harms only its own attempt, and is told so`,
      () =>
        withHostile(
          isolation,
          async (hostile) => {
            const filled = await amongOthers(hostile, () => hostile.act('fills_heap'));
            assert.match(endOf(filled), /^STEP_CRASHED: plugin 'hostile' .*(memory|heap)/);
          },
          { memory_mb: 64 },
        ),
      patience,
    );

    test(
      `${isolation}: one that does harm after its end harms no other attempt, and is told of`,
      () =>
        withHostile(isolation, async (hostile) => {
          const toldOf = (runId: string) =>
            hostile.logged.find(
              (line) => line.includes(`"run_id":"${runId}"`) && line.includes('while it was asked nothing'),
            );
          // Noticed by the next attempt, which another process or thread runs.
          assert.is(endOf(await hostile.act('loops_later', { config: { ms: 0 }, run_id: 'loops-1' })), '1');
          await pause(100);
          const next = await hostile.act('calm', { timeout_seconds: 30 });
          assert.is(next.status, 'completed', endOf(next));
          assert.match(String(toldOf('loops-1')), /did not begin what it was asked while .*"used_by":"hostile"/);
          // Noticed before that.
          for (const [act, how] of [
            ['loops_later', /did not respond for 4 s/],
            ['exits_later', /exit code 3/],
          ] as const) {
            assert.is(endOf(await hostile.act(act, { config: { ms: 10 }, run_id: act })), '1');
            while (toldOf(act) === undefined) await pause(100);
            assert.match(String(toldOf(act)), how);
          }
        }),
      patience,
    );

    test(
      `${isolation}: a run with a step that does not stop can be cancelled`,
      () =>
        withHostile(isolation, async (hostile) => {
          const ended = hostile.act('loops', { run_id: 'endless' });
          await new Promise((resolve) => setTimeout(resolve, 300));
          await hostile.cancel({ tenant_id: 'acme', run_id: 'endless' });
          assert.is((await ended).status, 'cancelled');
          assert.is((await hostile.calm(0)).status, 'completed');
        }),
      patience,
    );

    test(
      `${isolation}: one that leaks is replaced before it fails: every one of its 1,000 calls completes`,
      () =>
        withHostile(
          isolation,
          async (hostile) => {
            for (let round = 0; round < 100; round++) {
              const ends = await Promise.all(Array.from({ length: 10 }, () => hostile.act('leaks')));
              assert.equal(ends.filter(({ status }) => status !== 'completed').map(endOf), []);
            }
          },
          { memory_mb: 64 },
        ),
      { timeoutMs: 120_000 },
    );

    test(
      `${isolation}: a refused connection is told with the way that is open, and with what is not declared or granted`,
      () =>
        withHostile(isolation, async (hostile) => {
          const ways = (await hostile.act('network', { config: { port: 9 } })).output as Record<string, string>;
          for (const way of ['fetch', 'socket']) assert.match(String(ways[way]), /context\.fetch/);
          assert.match(String(ways.undeclared), /'elsewhere\.example\.com': its manifest does not declare it/);
          assert.match(String(ways.ungranted), /'api\.example\.com': the configuration does not grant it/);
        }),
      patience,
    );

    test(
      `${isolation}: what it writes and logs is bounded`,
      () =>
        withHostile(isolation, async (hostile) => {
          // A thread shares the process's file descriptors.
          if (isolation === 'process') {
            await amongOthers(hostile, () => hostile.act('floods', { config: { bytes: 1_000_000_000 } }));
          }
          await amongOthers(hostile, () => hostile.act('prints', { config: { bytes: 50_000_000 } }));
          await amongOthers(hostile, () => hostile.act('logs', { config: { count: 2_000 } }));
          const longest = Math.max(...hostile.logged.map((line) => line.length));
          assert.ok(longest < 20_000, `a line of ${longest} characters`);
        }),
      patience,
    );
  }

  for (const isolation of isolated) {
    test(
      `${isolation}: a host that was stopped can be started again`,
      () =>
        withHostile(isolation, async (hostile) => {
          await hostile.runtime.plugins.stop();
          await hostile.runtime.plugins.start();
          assert.is((await hostile.calm(0)).status, 'completed');
        }),
      patience,
    );
  }

  for (const isolation of isolated) {
    test(
      `${isolation}: it connects by itself to a host and port that are granted by name, and to no other`,
      async () => {
        const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        const llmteam = { kind: 'task', name: 'hostile', api: 1, permissions: { network: ['*'] } };
        try {
          await withHostileCopy({ llmteam }, (folder) =>
            withHostile(
              isolation,
              async (hostile) => {
                const config = { host: '127.0.0.1', port };
                assert.is(endOf(await hostile.act('connects', { config })), '"hello"');
                const other = endOf(await hostile.act('connects', { config: { ...config, port: port + 1 } }));
                assert.match(other, /^PERMISSION_DENIED: /);
              },
              { package: folder, grant: { network: [`127.0.0.1:${port}`] } },
            ),
          );
        } finally {
          server.close();
        }
      },
      patience,
    );
  }

  test(
    'process: one that grows after its end is ended before the next attempt needs it',
    () =>
      withHostile(
        'process',
        async (hostile) => {
          assert.is(endOf(await hostile.act('grows_later', { run_id: 'grows' })), '1');
          const isTold = (line: string) =>
            /needed more than 64 MB of memory while it was .*"run_id":"grows"/.test(line);
          while (!hostile.logged.some(isTold)) await pause(100);
          assert.is((await hostile.calm(0)).status, 'completed');
        },
        { memory_mb: 64 },
      ),
    patience,
  );

  test(
    'process: it reads no file but its own code, and writes none',
    () =>
      withHostile('process', async (hostile) => {
        for (const path of ['/etc/passwd', `/proc/${process.pid}/environ`]) {
          const { output } = await hostile.act('files', { config: { path } });
          assert.equal(output, ['ERR_ACCESS_DENIED', 'ERR_ACCESS_DENIED']);
        }
      }),
    patience,
  );

  test(
    'process: an access that Node refuses is told with the file, and who refuses it',
    () =>
      withHostile('process', async (hostile) => {
        const path = '/etc/passwd';
        const refusal = `a plugin may not read '${path}' in a process of its own (\`isolation: process\`), where it reads its own package`;
        const read = await hostile.act('reads', { config: { path } });
        assert.ok(endOf(read).startsWith(`PERMISSION_DENIED: ${refusal}`), endOf(read));
        const { permission, resource } = read.error?.details ?? {};
        assert.equal([permission, resource], ['FileSystemRead', path]);
        const wrapped = endOf(await hostile.act('reads_wrapped', { config: { path } }));
        assert.ok(wrapped.startsWith(`PERMISSION_DENIED: the template is missing: ${refusal}`), wrapped);
      }),
    patience,
  );
});
