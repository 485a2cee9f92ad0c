// timeout: 300
import { setTimeout as sleep } from 'node:timers/promises';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { type Cli, type Started, with_cli } from '../cli/support/cli.js';
import { chain } from '../gateway/support/segments.js';
import { spec } from '../support/spec.js';

const tenants = ['one', 'two', 'three', 'four'];
const kills = 3;
const runs_per_tenant = 40;
const readers_per_run = 2;

interface Followed {
  readonly run_id: string;
  readonly client: LlmteamClient;
  readonly seen: Promise<number[]>;
}

/** The process that is killed and started again on the same port and store. */
class Victim {
  private started: Started | null = null;
  port = 0;
  kills = 0;

  constructor(private readonly cli: Cli) {}

  async start(): Promise<void> {
    this.started = this.cli.start(['dev', '--port', String(this.port)]);
    this.port = await this.started.until('an address', ({ stdout }) => {
      const port = /Listening on \S+:([0-9]+)\n/.exec(stdout)?.[1];
      return port === undefined ? undefined : Number(port);
    });
  }

  async kill(): Promise<void> {
    this.started?.signal('SIGKILL');
    await this.started?.ended;
    this.kills++;
  }
}

async function clients_of(cli: Cli, port: number): Promise<LlmteamClient[]> {
  const made: LlmteamClient[] = [];
  for (const tenant of tenants) {
    const { stdout } = await cli.call(['keys', 'create', '--role', 'author', '--tenant', tenant]);
    made.push(new LlmteamClient({ url: `http://127.0.0.1:${port}`, key: stdout.trim() }));
  }
  return made;
}

/** Until it is accepted: the key makes of every attempt the same run. */
async function start_run(client: LlmteamClient, idempotency_key: string): Promise<string> {
  for (;;) {
    try {
      return (await client.start_run('chain_20', {}, { idempotency_key })).run_id;
    } catch {
      await sleep(50);
    }
  }
}

async function follow(client: LlmteamClient, run_id: string): Promise<number[]> {
  const seqs: number[] = [];
  for await (const event of client.follow(run_id)) if ('seq' in event) seqs.push(event.seq);
  return seqs;
}

async function load(client: LlmteamClient, tenant: string, followed: Followed[]): Promise<void> {
  for (let number = 0; number < runs_per_tenant; number++) {
    const run_id = await start_run(client, `${tenant}-${number}`);
    for (let reader = 0; reader < readers_per_run; reader++) {
      followed.push({ run_id, client, seen: follow(client, run_id) });
    }
    await sleep(80);
  }
}

spec('a gateway that is killed', (test) => {
  test(
    'loses no accepted run, makes none twice, and every client that comes back sees each event once',
    async () => {
      await with_cli(async (cli) => {
        const victim = new Victim(cli);
        await victim.start();
        const clients = await clients_of(cli, victim.port);
        for (const client of clients) await client.store_segment(chain(20));
        const followed: Followed[] = [];
        const loading = Promise.all(clients.map((client, at) => load(client, tenants[at] ?? '', followed)));
        for (let count = 0; count < kills; count++) {
          await sleep(700 + count * 300);
          await victim.kill();
          await victim.start();
        }
        await loading;
        for (const { run_id, client, seen } of followed) {
          const seqs = await seen;
          assert.equal(
            seqs,
            seqs.map((_, at) => at + 1),
            run_id,
          );
          const { events } = await client.list_events(run_id);
          assert.is(seqs.length, events.length);
          assert.is(events.at(-1)?.event_type, 'segment.completed');
        }
        assert.is(followed.length, tenants.length * runs_per_tenant * readers_per_run);
        for (const client of clients)
          assert.is((await client.list_runs({ limit: 1_000 })).runs.length, runs_per_tenant);
        assert.is(victim.kills, kills);
      });
    },
    { timeout_ms: 240_000 },
  );
});
