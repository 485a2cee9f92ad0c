// own process: is loaded with `await`
/** The example of a backend keeps every law, written from the contracts alone. */
import { randomUUID } from 'node:crypto';
import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Backend } from '@llmteam/contracts';
import { manualClock } from '@llmteam/testing';
import { outsideBackend } from '../backends/outside-backend.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { backendConformance } from './backends.js';
import type { Opened } from './kit.js';

const { type, folder } = await outsideBackend();
const leaseMs = 30_000;

/** In a space of its own; the lists are those of the process. */
async function openedOutside(): Promise<Opened<Backend>> {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const { index } = await openMemoryBackend({ clock });
  const settings = { space: randomUUID(), partitions: 2, job_lease_seconds: leaseMs / 1_000 };
  const process = { name: 'test', clock, log: quietLogger, folder, patienceMs: 0, onJobsLost: () => undefined };
  const port = await type.open(settings, { ...process, index });
  return { port, advance: (ms) => clock.advance(ms), dispose: () => port.close() };
}

spec('the backend of the example', (test) => {
  backendConformance(test, openedOutside, leaseMs);
});
