import type { Job } from '@llmteam/contracts';

/** `00-<trace id>-<span id>-<flags>`, of which bit 0 says that it is sampled. */
const sampledParent = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f][13579bdf]$/;

/** The trace of a job; null if it has none, or none that anybody can look up. */
export function sampledTrace({ traceparent }: Pick<Job, 'traceparent'>): string | null {
  return traceparent === undefined ? null : (sampledParent.exec(traceparent)?.[1] ?? null);
}
