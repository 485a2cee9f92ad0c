/**
 * Purpose: closes the streams of runs that are removed or redacted, wherever that is: what a slow reader has not read yet must not be sent.
 * Owns: following the announcements, from when the gateway opens.
 */
import type { Clock, KvStore, Logger } from '@llmteam/contracts';
import { followWithRetry, redactedPrefix, removedPrefix, removedRuns } from '@llmteam/kernel';
import type { Followers } from './followers.js';

export interface RemovedStreamsDeps {
  readonly kv: Pick<KvStore, 'watch'>;
  readonly followers: Pick<Followers, 'drop'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export class RemovedStreams {
  private readonly stopping = new AbortController();
  private following: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: RemovedStreamsDeps) {}

  start(): void {
    const { clock, log } = this.deps;
    const { signal } = this.stopping;
    const following = [removedPrefix, redactedPrefix].map((prefix) =>
      followWithRetry(`the list ${prefix}`, { clock, log, signal }, () => this.follow(prefix)),
    );
    this.following = Promise.all(following);
    this.following.catch((err: unknown) => log.error({ err }, 'streams of removed runs are not closed any more'));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.following.catch(() => undefined);
  }

  private async follow(prefix: string): Promise<void> {
    const { kv, followers } = this.deps;
    for await (const { value } of kv.watch(prefix, this.stopping.signal)) {
      if (value !== null) for (const run of removedRuns(value)) followers.drop(run);
    }
  }
}
