/**
 * Purpose: opens what a package of kind `backend` provides.
 * Owns: what an opened backend must have, naming the plugin at fault. Does not own: the settings, which are checked before.
 */
import {
  type Backend,
  type BackendContext,
  type BackendType,
  type JsonObject,
  LlmteamError,
  type Plugin,
} from '@llmteam/contracts';
import { withDeadline } from './plugin-deadline.js';
import { asPluginError } from './plugin-error.js';
import { checkPluginShape, type Members, memberFaults } from './plugin-shape.js';

/** How much longer than its patience a backend may take to open. */
const graceMs = 60_000;

const backendMembers: Members = {
  journal: 'required',
  queue: 'required',
  pubSub: 'required',
  kv: 'required',
  blobs: 'required',
  index: 'required',
  retention: 'optional',
  isConnected: 'required',
  close: 'required',
};

/** The methods of the ports; a port of plain JavaScript may lack one, which would show only when it is called. */
const portMethods = {
  journal: ['partitionOf', 'append', 'read', 'follow', 'end', 'remove', 'close'],
  queue: ['publish', 'consume', 'withdraw', 'close'],
  pubSub: ['publish', 'subscribe', 'close'],
  kv: ['get', 'put', 'delete', 'list', 'watch', 'close'],
  blobs: ['put', 'get', 'has', 'remove', 'close'],
} as const;

/** The backend that a plugin provides. @throws LlmteamError `PLUGIN_INVALID` if it provides none, or a faulty one */
export function backendOf(specifier: string, plugin: Plugin): BackendType {
  checkPluginShape(specifier, plugin);
  const { backend } = plugin;
  if (backend !== undefined) return backend;
  throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}' is not a backend: it has no 'backend'`);
}

/** @throws LlmteamError of the backend; `PLUGIN_FAILED` for any other error; `PLUGIN_INVALID` if what it opens lacks something */
export async function openBackend(
  specifier: string,
  type: BackendType,
  settings: JsonObject,
  context: BackendContext,
): Promise<Backend> {
  const deadlineMs = context.patienceMs + graceMs;
  const tooLate = `backend '${specifier}' took longer than ${deadlineMs} ms to open`;
  const opening = Promise.resolve().then(() => type.open(settings, context));
  const refuse = () => {
    throw new LlmteamError('PLUGIN_FAILED', tooLate);
  };
  const backend = await withDeadline(opening, deadlineMs, refuse).catch((thrown: unknown) => {
    throw asPluginError(specifier, 'could not open its backend', thrown);
  });
  const faults = faultsOf(backend);
  if (faults.length === 0) return backend;
  throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${faults.join('; ')}`);
}

function faultsOf(backend: Backend): string[] {
  const place = 'what it opened';
  const faults = memberFaults(place, backend, backendMembers);
  if (faults.length > 0) return faults;
  return Object.entries(portMethods).flatMap(([port, methods]) =>
    memberFaults(`${place}, ${port},`, backend[port as keyof typeof portMethods], required(methods)),
  );
}

function required(methods: readonly string[]): Members {
  return Object.fromEntries(methods.map((method) => [method, 'required']));
}
