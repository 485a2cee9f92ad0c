/** Thousands of readers in one process: each keeps a count of what it saw, not a list. */
import { type ClientRequest, request } from 'node:http';
import { SseParser } from '@llmteam/sdk';
import { WebSocket } from 'ws';

export class Reader {
  /** The last `seq` received. */
  seq = 0;
  /** Events that did not follow their predecessor: missed, repeated or out of order. */
  gaps = 0;
  private leave: () => void = () => undefined;

  constructor(
    private readonly port: number,
    private readonly key: string,
    private readonly runId: string,
    private readonly onEvent: (seq: number) => void = () => undefined,
  ) {}

  /** Resolves once the stream is open. */
  open(way: 'sse' | 'socket'): Promise<void> {
    return way === 'sse' ? this.openSse() : this.openSocket();
  }

  close(): void {
    this.leave();
  }

  private openSse(): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${this.key}`, Accept: 'text/event-stream' };
      const path = `/api/v1/runs/${this.runId}/events`;
      const asked: ClientRequest = request({ host: '127.0.0.1', port: this.port, path, headers, agent: false });
      this.leave = () => asked.destroy();
      asked.once('error', reject);
      asked.once('response', (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`a stream was refused with ${answer.statusCode}`));
        const parser = new SseParser();
        answer.setEncoding('utf8');
        answer.on('data', (piece: string) => {
          for (const { data } of parser.push(piece)) this.note(data);
        });
        answer.on('error', () => undefined);
        resolve();
      });
      asked.end();
    });
  }

  private openSocket(): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${this.key}` };
      const socket = new WebSocket(`ws://127.0.0.1:${this.port}/api/v1/runs/${this.runId}/ws`, { headers });
      this.leave = () => socket.terminate();
      socket.on('message', (data) => this.note(String(data)));
      socket.once('open', () => resolve());
      socket.on('error', reject);
    });
  }

  private note(text: string): void {
    const { seq } = JSON.parse(text) as { seq?: number };
    if (seq === undefined) return;
    if (seq !== this.seq + 1) this.gaps++;
    this.seq = seq;
    this.onEvent(seq);
  }
}

/** Opens all readers, 64 at a time. */
export async function openAll(readers: readonly Reader[], way: (place: number) => 'sse' | 'socket'): Promise<void> {
  const left = readers.entries();
  const lane = async (): Promise<void> => {
    for (const [place, reader] of left) await reader.open(way(place));
  };
  await Promise.all(Array.from({ length: 64 }, lane));
}
