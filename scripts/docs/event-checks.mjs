/** Checks the event catalog against the events recorded in tests/scenarios/: every recorded payload key is described, and vice versa. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventCatalog } from '@llmteam/contracts';
import { root } from './workbench.mjs';

export function checkEventCatalog() {
  const faults = wrongKeys(recordedKeys(join(root, 'tests/scenarios')));
  if (faults.length > 0) throw new Error(`contracts/src/event-catalog.ts is wrong:\n${faults.join('\n')}`);
}

function wrongKeys(recorded) {
  return [...recorded].flatMap(([type, keys]) => {
    const { properties } = eventCatalog[type].payload;
    if (properties === undefined) return [];
    const described = Object.keys(properties);
    const missing = [...keys]
      .filter((key) => !described.includes(key))
      .map((key) => `${type}: payload '${key}' is not described`);
    const unseen = described
      .filter((key) => !keys.has(key))
      .map((key) => `${type}: no recorded event has payload '${key}'`);
    return [...missing, ...unseen];
  });
}

/** The payload keys of every event type that occurs in a scenario. A line such as `… 2704 more` is not an event. */
function recordedKeys(folder) {
  const recorded = new Map();
  for (const line of existsSync(folder) ? recordedEvents(folder) : []) {
    const [, type = ''] = line.split(' ', 2);
    if (eventCatalog[type] === undefined) continue;
    const keys = recorded.get(type) ?? new Set();
    for (const key of Object.keys(payloadOf(line))) keys.add(key);
    recorded.set(type, keys);
  }
  return recorded;
}

function* recordedEvents(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name, 'expected.json');
    if (!existsSync(path)) continue;
    for (const { events } of JSON.parse(readFileSync(path, 'utf8'))) yield* events;
  }
}

/** `<ms> <event_type> <step>#<attempt> <payload> ! <error> in <ms> ms ← <seq>`; only the payload begins with a brace. */
function payloadOf(line) {
  const start = line.indexOf(' {');
  if (start < 0) return {};
  const text = line.slice(start + 1);
  for (let end = text.lastIndexOf('}') + 1; end > 0; end = text.lastIndexOf('}', end - 2) + 1) {
    try {
      return JSON.parse(text.slice(0, end));
    } catch {
      // That brace belongs to the error after the payload; try the previous one.
    }
  }
  return {};
}
