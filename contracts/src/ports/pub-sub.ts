import type { Json } from '../json.js';

/**
 * Fire-and-forget fan-out of cancellation notices, tokens and started notices. Nothing may rely on delivery. Laws:
 *
 * - S1 A subscriber gets the messages published on its subject after it subscribed, at most once each and in order per
 *   publisher.
 * - S2 A subscriber that throws does not affect others.
 * - S3 Nothing is delivered after unsubscribing.
 */
export interface PubSub {
  publish(subject: string, message: Json): void;
  subscribe(subject: string, receive: (message: Json) => void): () => void;
  close(): Promise<void>;
}

/** Notifies workers of cancelled jobs. Message: `{job_ids: string[]}`. */
export const cancelSubject = 'cancel';

/** Subject of what a run tells while it goes on. Message: a `LiveMessage`. */
export function liveSubject(runId: string): string {
  return `live.${runId}`;
}
