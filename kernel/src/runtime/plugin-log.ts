/** What code of a plugin logs, in every isolation: bounded, and never in the name of the runtime. */
import type { JsonObject, Logger } from '@llmteam/contracts';

/** Of a message, and of its fields together as JSON. */
const longest = 8_192;
const noteRoom = 64;
const levels = ['debug', 'info', 'warn', 'error'] as const;

/** What the runtime itself writes into lines. */
const ownKeys = new Set(
  [
    ['level', 'time', 'pid', 'hostname', 'msg', 'name', 'v'],
    ['run_id', 'step_id', 'scope', 'attempt', 'tenant_id', 'segment_id', 'instance_id', 'trace_id', 'span_id'],
    ['plugin', 'service', 'worker_id', 'coordinator_id', 'gateway_id', 'partition', 'used_by', 'stream'],
  ].flat(),
);

export function pluginLog(log: Logger): Logger {
  const at = (level: (typeof levels)[number]) => (fields: object, message?: string) =>
    log[level](foreign(fields), cut(String(message ?? '')));
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => pluginLog(log.child(foreign(fields))),
  };
}

function foreign(fields: object): JsonObject {
  const plain = Object.entries(plainFields(fields));
  return Object.fromEntries(plain.map(([key, value]) => [ownKeys.has(key) ? `plugin_${key}` : key, value]));
}

/** Fields as JSON. Total. */
export function plainFields(fields: object): JsonObject {
  try {
    const text = JSON.stringify(fields, (_key, part: unknown) => loggable(part));
    if (text.length > longest) return { fields: cut(text, longest / 2 - noteRoom) };
    const plain: unknown = JSON.parse(text);
    const isObject = typeof plain === 'object' && plain !== null && !Array.isArray(plain);
    return isObject ? (plain as JsonObject) : { fields: text };
  } catch {
    return { fields: 'cannot be written as JSON' };
  }
}

function loggable(part: unknown): unknown {
  if (typeof part === 'bigint') return String(part);
  if (!(part instanceof Error)) return part;
  const { name, message, stack } = part;
  return { type: name, message, stack: stack?.slice(0, longest / 2) };
}

/** What is cut is not long enough to be cut again. */
function cut(text: string, kept = longest - noteRoom): string {
  return text.length <= longest ? text : `${text.slice(0, kept)} … (cut from ${text.length} characters)`;
}
