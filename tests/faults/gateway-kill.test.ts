// timeout: 300
import { setTimeout as sleep } from 'node:timers/promises';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { type Cli, type Started, withCli } from '../cli/support/cli.js';
import { chain } from '../gateway/support/segments.js';
import { spec } from '../support/spec.js';

const tenants = ['one', 'two', 'three', 'four'];
const kills = 3;
const runsPerTenant = 40;
const readersPerRun = 2;

interface Followed {
  readonly run_id: string;
  readonly client: LlmteamClient;
  readonly seen: Promise<number[]>;
}

/** The process that is killed and restarted on the same port and store. */
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

async function clientsOf(cli: Cli, port: number): Promise<LlmteamClient[]> {
  const made: LlmteamClient[] = [];
  for (const tenant of tenants) {
    const { stdout } = await cli.call(['keys', 'create', '--role', 'author', '--tenant', tenant]);
    made.push(new LlmteamClient({ url: `http://127.0.0.1:${port}`, key: stdout.trim() }));
  }
  return made;
}

/** Retries until the start is accepted: the idempotency key makes every attempt the same run. */
async function startRun(client: LlmteamClient, idempotencyKey: string): Promise<string> {
  for (;;) {
    try {
      return (await client.startRun('chain_20', { input_data: {}, idempotency_key: idempotencyKey })).run_id;
    } catch {
      await sleep(50);
    }
  }
}

async function follow(client: LlmteamClient, runId: string): Promise<number[]> {
  const seqs: number[] = [];
  for await (const event of client.follow(runId)) if ('seq' in event) seqs.push(event.seq);
  return seqs;
}

async function load(client: LlmteamClient, tenant: string, followed: Followed[]): Promise<void> {
  for (let number = 0; number < runsPerTenant; number++) {
    const runId = await startRun(client, `${tenant}-${number}`);
    for (let reader = 0; reader < readersPerRun; reader++) {
      followed.push({ run_id: runId, client, seen: follow(client, runId) });
    }
    await sleep(80);
  }
}

spec('a gateway that is killed', (test) => {
  test(
    'loses no accepted run, duplicates none, and every client that reconnects sees each event once',
    async () => {
      await withCli(async (cli) => {
        const victim = new Victim(cli);
        await victim.start();
        const clients = await clientsOf(cli, victim.port);
        for (const client of clients) await client.storeSegment(chain(20));
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
          const { events } = await client.listEvents(run_id);
          assert.is(seqs.length, events.length);
          assert.is(events.at(-1)?.event_type, 'segment.completed');
        }
        assert.is(followed.length, tenants.length * runsPerTenant * readersPerRun);
        for (const client of clients) assert.is((await client.listRuns({ limit: 1_000 })).runs.length, runsPerTenant);
        assert.is(victim.kills, kills);
      });
    },
    { timeoutMs: 240_000 },
  );
});
