/** Load generators: open loop (a fixed rate, whatever the response times) and closed loop (a fixed concurrency). */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answered {
  readonly status: number;
  /** Measured from when the request was due, so that a client falling behind does not hide latency (coordinated omission). */
  readonly tookMs: number;
  readonly retryAfter: string | undefined;
}

export interface Ask {
  readonly path: string;
  /** JSON; a request without is a GET. */
  readonly body?: string;
}

export function startOf(segmentId: string): Ask {
  return { path: `/api/v1/segments/${segmentId}/runs`, body: '{"input_data":{}}' };
}

export interface ConnectionOptions {
  /** By default, connections are kept and used again. */
  readonly keepsConnections?: boolean;
  /** The most at a time; default 256. */
  readonly connections?: number;
}

export class Requests {
  private readonly agent: Agent;

  constructor(
    private readonly port: number,
    private readonly key: string,
    { keepsConnections = true, connections = 256 }: ConnectionOptions = {},
  ) {
    this.agent = new Agent({ keepAlive: keepsConnections, maxSockets: connections });
  }

  /** Resolves when the response is complete; `status` is 0 if the connection broke. */
  send({ path, body }: Ask, since = performance.now()): Promise<Answered> {
    const headers = {
      Authorization: `Bearer ${this.key}`,
      ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
    };
    const method = body === undefined ? 'GET' : 'POST';
    const answered = (status: number, retryAfter?: string) => ({
      status,
      tookMs: performance.now() - since,
      retryAfter,
    });
    return new Promise((resolve) => {
      const asked = request(
        { host: '127.0.0.1', port: this.port, method, path, headers, agent: this.agent },
        (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answered(answer.statusCode ?? 0, answer.headers['retry-after'])));
          answer.once('close', () => resolve(answered(0)));
        },
      );
      asked.once('error', () => resolve(answered(0)));
      asked.end(body);
    });
  }

  /** Open loop. */
  async atRate(perSecond: number, seconds: number, ask: Ask): Promise<Answered[]> {
    const began = performance.now();
    const answers: Promise<Answered>[] = [];
    for (let sent = 0; sent < perSecond * seconds; ) {
      const due = Math.min(perSecond * seconds, ((performance.now() - began) / 1_000) * perSecond);
      for (; sent < due; sent++) answers.push(this.send(ask, began + (sent * 1_000) / perSecond));
      await sleep(1);
    }
    return Promise.all(answers);
  }

  /** Closed loop. */
  async atConcurrency(concurrency: number, seconds: number, ask: Ask): Promise<Answered[]> {
    const until = performance.now() + seconds * 1_000;
    const answers: Answered[] = [];
    const lane = async (): Promise<void> => {
      while (performance.now() < until) answers.push(await this.send(ask));
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
