/** The event catalog agrees with the events recorded in tests/scenarios/: no payload key is missing, none is never seen. */
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
    const told = Object.keys(properties);
    const untold = [...keys]
      .filter((key) => !told.includes(key))
      .map((key) => `${type}: payload '${key}' is not described`);
    const unseen = told.filter((key) => !keys.has(key)).map((key) => `${type}: no recorded event has payload '${key}'`);
    return [...untold, ...unseen];
  });
}

/** The payload keys of every event type that some scenario has. A line that stands for those left out (`… 2704 more`) is no event. */
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
      // That brace belongs to the error behind the payload: look for the one before.
    }
  }
  return {};
}
