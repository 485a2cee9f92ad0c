import type { Json } from '../json.js';

/**
 * Fire-and-forget fan-out: cancellation notices, tokens, started notices. Nothing may depend on a message's arrival. Laws:
 *
 * - S1 A subscriber gets the messages published on its subject after it subscribed, in the order of one publisher, at most once each.
 * - S2 A subscriber that throws disturbs no other.
 * - S3 After unsubscribing nothing more arrives.
 */
export interface PubSub {
  publish(subject: string, message: Json): void;
  subscribe(subject: string, receive: (message: Json) => void): () => void;
  close(): Promise<void>;
}

/** Tells workers that jobs are no longer wanted. Message: `{job_ids: string[]}`. */
export const cancelSubject = 'cancel';

/** Live tokens and started notices of a run. Message: a `LiveToken`. */
export function liveSubject(runId: string): string {
  return `live.${runId}`;
}
