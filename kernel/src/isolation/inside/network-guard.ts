/**
 * Closes the ways out that Node offers to code, except to hosts that the operator granted by name: everything else goes through
 * `context.fetch`. It is installed before any code of the plugin runs. It stops code that means no harm and most that does; only Node's own
 * permission model (version 25 and later) is a boundary. What isolation holds is in docs/isolation.md.
 */
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import inspector from 'node:inspector';
import nodeModule, { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import v8 from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { LlmteamError } from '@llmteam/contracts';

/** Whether a connection may be opened, by host and port. */
type MayConnect = (host: string, port: number) => boolean;

type Members = Record<string, unknown>;

const otherWay =
  ': use context.fetch (in a model provider, the fetch that `create` is given), or let the operator grant the host and port by name';

export function guardNetwork(hosts: readonly string[]): void {
  const mayConnect = named(hosts);
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function guarded(this: net.Socket, ...args: unknown[]): net.Socket {
    const { host, port, path } = addressOf(args);
    if (path === null && mayConnect(host, port)) return Reflect.apply(connect, this, args) as net.Socket;
    throw path === null ? denied(`open a connection to '${host}:${port}'`, otherWay) : denied('open a local socket');
  };
  deny(net.Server.prototype as unknown as Members, ['listen'], 'listen on a port');
  deny(net as unknown as Members, ['_createServerHandle'], 'listen on a port');
  deny(dgram as unknown as Members, ['createSocket'], 'open a UDP socket');
  deny(dgram.Socket.prototype as unknown as Members, ['bind', 'connect', 'send'], 'open a UDP socket');
  deny(inspector as unknown as Members, ['open'], 'open the inspector');
  guardNames(hosts);
  guardGlobals();
  guardProcess();
  guardSystem();
  // What modules import by name is otherwise what it was before.
  syncBuiltinESMExports();
}

/** `db.internal:5432` allows that port; without one, those of http and https. */
function named(hosts: readonly string[]): MayConnect {
  return (host, port) => hosts.includes(`${host}:${port}`) || ((port === 80 || port === 443) && hosts.includes(host));
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly path: string | null;
}

/** As `net.connect` reads its arguments: options, a path, or a port and a host. */
function addressOf(args: readonly unknown[]): Address {
  // Node normalizes the arguments to a list before it calls this method itself.
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === 'object' && first !== null) {
    const { host = 'localhost', port = 0, path = null } = first as Partial<Address>;
    return { host: String(host).toLowerCase(), port: Number(port), path };
  }
  if (typeof first === 'string' && Number.isNaN(Number(first))) return { host: '', port: 0, path: first };
  return { host: typeof second === 'string' ? second.toLowerCase() : 'localhost', port: Number(first), path: null };
}

/** Names are looked up only of hosts that may be connected to: a question about a name can carry data out. */
function guardNames(hosts: readonly string[]): void {
  const known = new Set(hosts.map((host) => host.replace(/:\d+$/, '')));
  const isResolver = (key: string) => /^(lookup|lookupService|resolve|reverse)/.test(key);
  for (const module of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    const members = module as unknown as Members;
    for (const key of Object.getOwnPropertyNames(members).filter(isResolver)) {
      const original = members[key];
      if (typeof original !== 'function') continue;
      members[key] = function guarded(this: unknown, name: unknown, ...rest: unknown[]): unknown {
        if (!known.has(String(name).toLowerCase())) throw denied(`look up '${String(name)}'`, otherWay);
        return Reflect.apply(original, this, [name, ...rest]);
      };
    }
  }
}

function guardGlobals(): void {
  const globals = globalThis as unknown as Members;
  for (const name of ['fetch', 'WebSocket', 'EventSource']) {
    if (!(name in globals)) continue;
    const value = function guarded(): never {
      throw denied(`use the global '${name}'`, otherWay);
    };
    Object.defineProperty(globals, name, { value, configurable: false, writable: false });
  }
}

/** A signal reaches every process of the same user, this one's host among them. */
function guardProcess(): void {
  deny(childProcess.ChildProcess.prototype as unknown as Members, ['spawn', 'kill'], 'start processes');
  // Not even the class may be reached: a handle that was never spawned signals whatever number is in its memory.
  const starters = [
    'ChildProcess',
    '_forkChild',
    ...['spawn', 'exec', 'execFile'].flatMap((name) => [name, `${name}Sync`]),
    'fork',
  ];
  deny(childProcess as unknown as Members, starters, 'start processes');
  deny(
    process as unknown as Members,
    ['kill', '_kill', 'binding', '_linkedBinding', '_debugProcess', 'dlopen'],
    'reach other processes',
  );
}

/** What reaches the whole process or its host, or writes files by ways that are not the file system's. */
function guardSystem(): void {
  deny(os as unknown as Members, ['setPriority'], 'change priorities of processes');
  const identity = ['setuid', 'setgid', 'seteuid', 'setegid', 'setgroups', 'initgroups', 'umask', 'chdir'];
  deny(process as unknown as Members, identity, 'change its process');
  deny(v8 as unknown as Members, ['setFlagsFromString'], 'change the engine');
  const writers: readonly [unknown, readonly string[]][] = [
    [v8, ['writeHeapSnapshot', 'setHeapSnapshotNearHeapLimit', 'startCpuProfile', 'startHeapProfile']],
    // A thread does not even have the module.
    [isMainThread ? process.getBuiltinModule('node:trace_events') : null, ['createTracing']],
    [process.report, ['writeReport']],
    [nodeModule, ['enableCompileCache', 'flushCompileCache']],
  ];
  for (const [members, keys] of writers) deny((members ?? {}) as Members, keys, 'let Node write files');
}

function deny(members: Members, keys: readonly string[], what: string): void {
  for (const key of keys) {
    if (typeof members[key] !== 'function') continue;
    const value = function guarded(): never {
      throw denied(what);
    };
    Object.defineProperty(members, key, { value, configurable: false, writable: false });
  }
}

function denied(what: string, way = ''): LlmteamError {
  return new LlmteamError('PERMISSION_DENIED', `a plugin may not ${what}${way}`);
}
