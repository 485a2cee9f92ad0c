/** Load generators: open loop (a fixed rate, whatever the response times) and closed loop (a fixed concurrency). */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answered {
  readonly status: number;
  /** Measured from when the request was due, so that a client falling behind does not hide latency (coordinated omission). */
  readonly tookMs: number;
  readonly retryAfter: string | undefined;
}

export class Requests {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256 });

  constructor(
    private readonly port: number,
    private readonly key: string,
  ) {}

  start(segmentId: string, since = performance.now()): Promise<Answered> {
    const body = '{"input_data":{}}';
    const headers = {
      Authorization: `Bearer ${this.key}`,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    };
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: this.port,
          method: 'POST',
          path: `/api/v1/segments/${segmentId}/runs`,
          headers,
          agent: this.agent,
        },
        (answer) => {
          answer.resume();
          answer.once('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              tookMs: performance.now() - since,
              retryAfter: answer.headers['retry-after'],
            }),
          );
        },
      );
      asked.once('error', reject);
      asked.end(body);
    });
  }

  /** Open loop. */
  async atRate(perSecond: number, seconds: number, segmentId: string): Promise<Answered[]> {
    const began = performance.now();
    const answers: Promise<Answered>[] = [];
    for (let sent = 0; sent < perSecond * seconds; ) {
      const due = Math.min(perSecond * seconds, ((performance.now() - began) / 1_000) * perSecond);
      for (; sent < due; sent++) answers.push(this.start(segmentId, began + (sent * 1_000) / perSecond));
      await sleep(1);
    }
    return Promise.all(answers);
  }

  /** Closed loop. */
  async atConcurrency(concurrency: number, seconds: number, segmentId: string): Promise<Answered[]> {
    const until = performance.now() + seconds * 1_000;
    const answers: Answered[] = [];
    const lane = async (): Promise<void> => {
      while (performance.now() < until) answers.push(await this.start(segmentId));
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    return answers;
  }

  close(): void {
    this.agent.destroy();
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
