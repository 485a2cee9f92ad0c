/** A server that the tests of a file share. It stops once it has been unused for a moment. */
import { type NatsServer, withNatsServer } from './nats-server.js';
import type { NatsServerOptions } from './server-settings.js';

interface Lent {
  readonly server: NatsServer;
  /** Returns the server; it must not be used afterwards. */
  readonly release: () => void;
}

const idleMs = 500;

export class SharedServer {
  private users = 0;
  private idle: NodeJS.Timeout | undefined;
  private running: Promise<NatsServer> | null = null;
  private end: () => void = () => undefined;

  constructor(private readonly options: NatsServerOptions = {}) {}

  async lend(): Promise<Lent> {
    clearTimeout(this.idle);
    this.users++;
    this.running ??= this.start();
    const server = await this.running;
    return { server, release: () => this.release() };
  }

  private start(): Promise<NatsServer> {
    return new Promise((resolve, reject) => {
      const use = async (server: NatsServer): Promise<void> => {
        resolve(server);
        await new Promise<void>((ended) => {
          this.end = ended;
        });
      };
      withNatsServer(this.options, use).catch(reject);
    });
  }

  private release(): void {
    this.users--;
    if (this.users > 0) return;
    this.idle = setTimeout(() => {
      this.running = null;
      this.end();
    }, idleMs);
  }
}
