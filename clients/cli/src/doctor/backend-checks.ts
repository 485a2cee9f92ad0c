/** What the backend of the services tells about itself, and how far its clock is from ours. */
import type { BackendInspection } from '@llmteam/contracts';
import type { ServiceConfig } from '@llmteam/service-host';
import { type Check, ok, problem, warning } from './check.js';

/** Leases and timeouts compare the clocks of several machines. */
const noticeableMs = 250;

export function checkBackend({ findings, clockOffsetMs }: BackendInspection, config: ServiceConfig): Check[] {
  return [...findings, ...checkClock(clockOffsetMs, config)];
}

/** For a backend that offers no inspection. Opening one may create what is missing, and the doctor must not change anything. */
export function notInspected({ file: { backend } }: ServiceConfig): Check {
  const what = `the backend '${backend?.package}' offers no inspection`;
  return warning('server', `${what}: whether it can be reached, and which services use it, was not checked`);
}

function checkClock(offsetMs: number | null, { file: { coordinator } }: ServiceConfig): Check[] {
  if (offsetMs === null) return [];
  const off = Math.abs(offsetMs);
  const direction = offsetMs > 0 ? 'ahead of' : 'behind';
  const text = `the server's clock is ${off} ms ${direction} ours`;
  if (off >= coordinator.lease_seconds * 300) return [problem('clock', `${text}, more than leases tolerate`)];
  return [off >= noticeableMs ? warning('clock', text) : ok('clock', `within ${noticeableMs} ms of the server's`)];
}
