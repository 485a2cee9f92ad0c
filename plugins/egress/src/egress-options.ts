import type { Dispatcher } from 'undici';
import type { Reach } from './address.js';

/** Resolves a host name to all its addresses. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Times are in milliseconds, sizes in bytes. */
export interface ConnectionLimits {
  /** Name lookup, TCP connection and TLS handshake. */
  readonly connectMs: number;
  /** The longest pause within a response; 0 means no limit. */
  readonly idleMs: number;
  /** Of a response. */
  readonly headerBytes: number;
}

export interface EgressOptions {
  readonly limits: ConnectionLimits;
  /** For messages: who may reach an address in a private network. */
  readonly whoMayReachPrivate: string;
  /** Default: that of the operating system. */
  readonly resolve?: Resolve | undefined;
  /** Default: the table of address blocks. */
  readonly reachOf?: ((address: string) => Reach) | undefined;
}

export interface Egress {
  /** Connections are opened by the first request. */
  dispatcher(allowPrivateNetwork: boolean): Dispatcher;
  /** Aborts running requests and closes idle connections. */
  close(): Promise<void>;
}
