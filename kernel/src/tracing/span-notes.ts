import type { Json, RunEvent } from '@llmteam/contracts';
import type { SpanAttributes, SpanNote } from './span-record.js';

/** Prefixes of event types whose payloads are the engine's own. Those of activities are the handler's, and may hold anything. */
const ownPayloads = ['segment.', 'step.', 'human.', 'critic_loop.'];
/** Titles of tasks and reasons are text of users. */
const leftOut: ReadonlySet<string> = new Set(['title', 'reason', 'segment_name']);

/** What a span tells of an event within it: its name and the plain values of its payload. */
export function noteOf(event: RunEvent, at: number): SpanNote {
  const { event_type: name, payload } = event;
  if (!ownPayloads.some((prefix) => name.startsWith(prefix))) return { name, at, attributes: {} };
  return { name, at, attributes: plainValues(payload as Readonly<Record<string, Json>>) };
}

function plainValues(payload: Readonly<Record<string, Json>>, prefix = ''): SpanAttributes {
  const values: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (leftOut.has(name) || value === null || Array.isArray(value)) continue;
    if (typeof value === 'object')
      Object.assign(values, plainValues(value as Record<string, Json>, `${prefix}${name}.`));
    else values[`llmteam.${prefix}${name}`] = value as string | number | boolean;
  }
  return values;
}
