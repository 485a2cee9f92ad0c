/**
 * Purpose: a simulated network between clients and a local server that a test can cut, stall, slow down and make unreliable.
 * Owns: the port that clients connect to, and every connection through it.
 * Invariants:
 *  X1 data is forwarded complete and in order, whatever faults occurred on the way
 *  X2 while stalled nothing reaches the other side, not even the end of a connection; once healed everything does
 *  X3 the proxy keeps its port while it is cut, so that no other process can take it before it heals
 *  X4 no connection, socket or timer is left when `withTcpProxy` settles
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from './reset-socket.js';
import { type Passing, TcpLane, type Weather } from './tcp-lane.js';

/** Runs `use` with a proxy in front of `url` (`nats://127.0.0.1:4222`) and closes it afterwards. */
export async function withTcpProxy(url: string, use: (proxy: TcpProxy) => Promise<void>): Promise<void> {
  const proxy = new TcpProxy(new URL(url));
  await proxy.open();
  try {
    await use(proxy);
  } finally {
    await proxy.close();
  }
}

type Way = 'to_server' | 'to_client';

const bothWays: readonly Way[] = ['to_server', 'to_client'];

interface Connection {
  readonly lanes: readonly TcpLane[];
  readonly reset: () => void;
}

export class TcpProxy {
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  /** Connections that are not closed yet. */
  private readonly sockets = new Set<Socket>();
  private readonly weather = { isCut: false, delayMs: 0, loses: () => false };
  private readonly stalled = { to_server: false, to_client: false };
  private readonly count = { accepted: 0, refused: 0, reset: 0 };

  constructor(private readonly target: URL) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.accept(client));
  }

  async open(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** The URL that clients connect to instead of the server's. */
  get url(): string {
    const url = new URL(this.target);
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  /** Connection counts so far: accepted, refused while cut, and reset by `cut`, `resetAll` or `resetRandomly`. */
  get counts(): Readonly<{ accepted: number; refused: number; reset: number }> {
    return { ...this.count };
  }

  get openConnections(): number {
    return this.connections.size;
  }

  /** Resets every connection, and each new one immediately. */
  cut(): void {
    this.weather.isCut = true;
    this.resetAll();
  }

  /** Accepts and keeps connections but forwards nothing, or nothing in one direction. */
  stall(...ways: Way[]): void {
    for (const way of ways.length === 0 ? bothWays : ways) this.stalled[way] = true;
  }

  /** Delays everything by this time. */
  delay(ms: number): void {
    this.weather.delayMs = ms;
    this.passAll();
  }

  /** Each chunk resets its connection with this probability instead of being forwarded; deterministic for a seed. */
  resetRandomly({ seed, chance }: { seed: number; chance: number }): void {
    const draw = randomNumbers(seed);
    this.weather.loses = () => draw() < chance;
  }

  resetAll(): void {
    for (const { reset } of [...this.connections]) reset();
  }

  /** Clears all faults and forwards what was held back. */
  heal(): void {
    Object.assign(this.weather, { isCut: false, delayMs: 0, loses: () => false });
    Object.assign(this.stalled, { to_server: false, to_client: false });
    this.passAll();
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.resetAll();
    const allClosed = [...this.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    // A socket of an ended connection may still wait for its reader.
    for (const socket of this.sockets) resetSocket(socket);
    await Promise.all([closed, ...allClosed]);
  }

  private passAll(): void {
    for (const { lanes } of [...this.connections]) for (const lane of lanes) lane.pass();
  }

  private accept(client: Socket): void {
    this.keep(client);
    if (this.weather.isCut) {
      this.count.refused += 1;
      resetSocket(client);
      return;
    }
    this.count.accepted += 1;
    const port = Number(this.target.port);
    const server = connect({ host: this.target.hostname, port, allowHalfOpen: true, noDelay: true });
    this.keep(server);
    this.join(client, server);
  }

  private keep(socket: Socket): void {
    socket.on('error', ignore);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  private join(client: Socket, server: Socket): void {
    const reset = (): void => {
      this.count.reset += 1;
      for (const socket of [client, server]) resetSocket(socket);
      for (const lane of lanes) lane.close();
      this.connections.delete(connection);
    };
    const passing = (way: Way): Passing => ({
      weather: this.weatherOf(way),
      lost: reset,
      over: () => this.forgetIfOver(connection),
    });
    const lanes = [
      new TcpLane(client, server, passing('to_server')),
      new TcpLane(server, client, passing('to_client')),
    ];
    const connection = { lanes, reset };
    this.connections.add(connection);
  }

  /** Read afresh on every use. */
  private weatherOf(way: Way): Weather {
    const { weather, stalled } = this;
    return {
      get isStalled() {
        return stalled[way];
      },
      get delayMs() {
        return weather.delayMs;
      },
      loses: () => weather.loses(),
    };
  }

  private forgetIfOver(connection: Connection): void {
    if (connection.lanes.every((lane) => lane.isOver)) this.connections.delete(connection);
  }
}

/** The lanes notice an error by the close event that follows it. */
function ignore(): void {
  return undefined;
}

/** Numbers in [0, 1) from a 32-bit seed: a mixed Weyl sequence. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
