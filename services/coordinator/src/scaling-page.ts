/**
 * Purpose: `GET /scaling` and `GET /scaling/<type@major>`, for autoscalers.
 * Does not own: what a queue needs (queue-watch.ts), the socket.
 */
import { isLlmteamError } from '@llmteam/contracts';
import type { JsonAnswer } from '@llmteam/service-host';
import type { QueueWatch } from './queue-watch.js';

const root = '/scaling';

/** Null for a path that is not its own. `watch` is null while the coordinator starts. */
export function scalingPage(path: string, watch: QueueWatch | null): Promise<JsonAnswer> | null {
  if (path !== root && !path.startsWith(`${root}/`)) return null;
  return answered(path, watch);
}

async function answered(path: string, watch: QueueWatch | null): Promise<JsonAnswer> {
  const queue = path === root ? null : decoded(path.slice(root.length + 1));
  if (queue !== null && !/^[a-z][a-z0-9_]*@\d+$/.test(queue)) return { status: 404, body: { status: 'not found' } };
  if (watch === null) return unavailable('it is starting');
  try {
    return { status: 200, body: queue === null ? { queues: await watch.all() } : await watch.one(queue) };
  } catch (thrown) {
    return unavailable(isLlmteamError(thrown) ? thrown.message : 'the queues cannot be read');
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An autoscaler keeps what it has then, or takes its fallback. */
function unavailable(reason: string): JsonAnswer {
  return { status: 503, body: { status: 'unavailable', reasons: [reason] } };
}
