import { connect, type Socket } from 'node:net';
import { type ErrorInfo, LlmteamError } from '@llmteam/contracts';
import {
  createMessageConnection,
  type Message,
  type MessageConnection,
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

export interface OwnerClient extends StoreParts {
  close(): void;
}

/** Connects to the process that owns a store; null if there is none. */
export async function connectToOwner(address: string): Promise<OwnerClient | null> {
  const socket = await openSocket(address);
  if (socket === null) return null;
  const connection = createMessageConnection(new SocketMessageReader(socket), new RequestWriter(socket));
  connection.onError(() => socket.destroy());
  connection.listen();
  const lost = new Promise<never>((_, reject) => {
    connection.onClose(() => reject(new LlmteamError('STORE_LOCKED', 'the process that owns the data has exited')));
  });
  lost.catch(() => undefined);
  const proxy = <T>(names: readonly string[], prefix: string): T =>
    Object.fromEntries(
      names.map((name) => [name, (...args: unknown[]) => Promise.race([send(connection, prefix + name, args), lost])]),
    ) as T;
  return {
    runs: proxy(runCalls, ''),
    removal: proxy(removalCalls, 'removal/'),
    kv: proxy(kvCalls, 'registry/'),
    segments: proxy(segmentCalls, 'segments/'),
    versions: proxy(versionCalls, 'versions/'),
    owner: proxy(ownerCalls, 'owner/'),
    close: () => {
      connection.dispose();
      socket.destroy();
    },
  };
}

/**
 * Swallows write errors, which the library would turn into unhandled rejections: the connection is lost then anyway, which
 * `onClose` reports.
 */
class RequestWriter extends SocketMessageWriter {
  override async write(message: Message): Promise<void> {
    await super.write(message).catch(() => undefined);
  }
}

function openSocket(address: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}

/** An argument that is left out would arrive as null. */
function withoutTrailing(args: readonly unknown[]): unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

/** Errors keep their code across processes. */
async function send(connection: MessageConnection, call: string, args: unknown[]): Promise<unknown> {
  try {
    return await connection.sendRequest(call, withoutTrailing(args));
  } catch (thrown) {
    const info = thrown instanceof ResponseError ? (thrown.data as { info?: ErrorInfo } | undefined)?.info : undefined;
    if (info === undefined)
      throw new LlmteamError('STORE_LOCKED', 'the process that owns the data did not answer', { cause: thrown });
    const details = info.details === undefined ? {} : { details: info.details };
    throw new LlmteamError(info.error_code, info.error_message, {
      cause: thrown,
      recoverable: info.recoverable,
      ...details,
    });
  }
}
