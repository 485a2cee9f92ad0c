import { setTimeout as sleep } from 'node:timers/promises';
import { endsRun } from '@llmteam/contracts';
import { openSse } from './sse-client.js';

const pauseMs = 100;

/** Everything a reader of a run saw, over all its connections. */
export interface Reading {
  /** In order of arrival, with duplicates. */
  readonly seqs: readonly number[];
  readonly connections: number;
}

/** Follows a run to its last event; reconnects after the last `seq` it saw. */
export async function readToTheEnd(
  port: () => number,
  runId: string,
  key: string,
  signal: AbortSignal,
): Promise<Reading> {
  const seqs: number[] = [];
  let connections = 0;
  while (!signal.aborted) {
    try {
      const stream = await openSse(port(), runId, key, { 'Last-Event-ID': String(seqs.at(-1) ?? 0) });
      connections++;
      const leave = (): void => stream.destroy();
      signal.addEventListener('abort', leave, { once: true });
      await stream.ended;
      signal.removeEventListener('abort', leave);
      seqs.push(...stream.seqs);
      if (stream.events.some(({ event_type }) => endsRun(event_type))) break;
    } catch {
      // The gateway is down at the moment.
    }
    await sleep(pauseMs);
  }
  return { seqs, connections };
}
