/**
 * Purpose: lets other processes of the same user access a store through its owner, because only one process can own a database
 * file.
 * Owns: the local socket. Does not own: the calls (RunService).
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type JsonObject, LlmteamError, type Logger, toErrorInfo } from '@llmteam/contracts';
import { systemReason } from '@llmteam/service-host';
import {
  createMessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node.js';
import {
  kvCalls,
  ownerCalls,
  removalCalls,
  runCalls,
  type StoreParts,
  segmentCalls,
  versionCalls,
} from './run-calls.js';

export interface OwnerServer {
  /** Waits for pending calls, unless they take too long. */
  close(): Promise<void>;
}

const pendingCallsMs = 1_000;

/**
 * Listens for calls. The caller holds the store's lock, so an existing socket file can only be stale.
 * @throws LlmteamError `FILE_UNREADABLE` if the socket cannot be created
 */
export async function serveOwner(address: string, parts: StoreParts, log: Logger): Promise<OwnerServer> {
  const sockets = new Set<Socket>();
  const calls = new Set<Promise<unknown>>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', (err) => log.debug({ err }, 'a local connection broke'));
    answerCalls(socket, parts, calls);
  });
  try {
    if (process.platform !== 'win32') rmSync(address, { force: true });
    await listen(server, address);
  } catch (cause) {
    throw new LlmteamError('FILE_UNREADABLE', `cannot create the socket '${address}': ${systemReason(cause)}`, {
      cause,
    });
  }
  server.unref();
  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      const timeout = new AbortController();
      const timedOut = sleep(pendingCallsMs, undefined, { signal: timeout.signal }).catch(() => undefined);
      await Promise.race([Promise.all(calls).then(nextTurn), timedOut]);
      for (const socket of sockets) socket.end();
      await Promise.race([closed, timedOut]);
      timeout.abort();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      if (process.platform !== 'win32') chmodSync(address, 0o600);
      resolve();
    });
  });
}

function answerCalls(socket: Socket, parts: StoreParts, calls: Set<Promise<unknown>>): void {
  const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
  const answerBy = (target: object, names: readonly string[], prefix: string): void => {
    for (const name of names) {
      connection.onRequest(prefix + name, (args: readonly unknown[]) => {
        const answer = answerCall(target, name, args);
        calls.add(answer);
        return answer.finally(() => calls.delete(answer));
      });
    }
  };
  answerBy(parts.runs, runCalls, '');
  answerBy(parts.removal, removalCalls, 'removal/');
  answerBy(parts.kv, kvCalls, 'registry/');
  answerBy(parts.segments, segmentCalls, 'segments/');
  answerBy(parts.versions, versionCalls, 'versions/');
  answerBy(parts.owner, ownerCalls, 'owner/');
  connection.onError(() => socket.destroy());
  connection.listen();
}

/** Never rejects. */
async function answerCall(target: object, name: string, args: readonly unknown[]): Promise<unknown> {
  try {
    const method = (target as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
    return (await method?.apply(target, [...args])) ?? null;
  } catch (thrown) {
    const info = toErrorInfo(thrown, 'STORE_FAILED');
    return new ResponseError<JsonObject>(1, info.error_message, { info } as unknown as JsonObject);
  }
}
