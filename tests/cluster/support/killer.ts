/** Kills processes at random: a seed determines the next victim, and what really happened is counted. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import type { Cluster } from './cluster.js';
import type { Member } from './member.js';

export type Victim = 'worker' | 'coordinator' | 'server';

export interface Deaths {
  readonly wanted: number;
  /** Minimum number of kills. */
  readonly lastsMs: number;
  /** Mean interval between kills. */
  readonly apartMs: number;
  readonly weights: Readonly<Record<Victim, number>>;
}

/** Longer than a lease plus the start of a process. */
const longestRestMs = 4_000;
const lookAgainMs = 20;

export class Killer {
  readonly kills = new Map<Victim, number>();
  /** Pending starts: a starting process may be killed like any other. */
  private readonly starting = new Set<Promise<void>>();

  constructor(private readonly cluster: Cluster) {}

  get total(): number {
    return [...this.kills.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Kills one process after another and replaces each. */
  async rage(random: Random, { wanted, lastsMs, apartMs, weights }: Deaths, over: AbortSignal): Promise<void> {
    const choices = Object.entries(weights) as [Victim, number][];
    const until = performance.now() + lastsMs;
    while ((this.total < wanted || performance.now() < until) && !over.aborted) {
      await sleep(random.fraction() * 2 * apartMs);
      await this.letLive(over);
      await this.kill(random, random.byWeight(choices));
    }
    await Promise.all(this.starting);
  }

  /** If processes start more slowly than they are killed, nothing progresses: then kills pause until something does. */
  private async letLive(over: AbortSignal): Promise<void> {
    const { client } = this.cluster;
    while (performance.now() - client.grewAt > longestRestMs && !over.aborted) await sleep(lookAgainMs);
  }

  private async kill(random: Random, victim: Victim): Promise<void> {
    if (victim === 'server') await this.killServer();
    else {
      const { coordinators, workers } = this.cluster;
      const alive = (victim === 'worker' ? workers : coordinators).filter(({ runs }) => runs);
      if (alive.length === 0) return;
      await this.killMember(random.oneOf(alive));
    }
    this.kills.set(victim, (this.kills.get(victim) ?? 0) + 1);
  }

  private async killServer(): Promise<void> {
    const { server } = this.cluster;
    await server.kill();
    await server.start();
  }

  private async killMember(member: Member): Promise<void> {
    await member.kill();
    const started = member.start().finally(() => this.starting.delete(started));
    this.starting.add(started);
    await started;
  }
}
