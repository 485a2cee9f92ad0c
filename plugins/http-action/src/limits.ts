import { caps } from '@llmteam/contracts';

/** Bounds of one request. Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** From the first look-up to the last byte, redirects included. */
  readonly total_ms: number;
  /** Without progress: while connecting, waiting for headers, or between two pieces of the body. */
  readonly idle_ms: number;
  readonly header_bytes: number;
  /** As sent, before decompression. */
  readonly response_bytes: number;
  readonly decompressed_bytes: number;
  readonly json_depth: number;
  readonly redirects: number;
  /** A longer `Retry-After` counts as this. */
  readonly retry_after_seconds: number;
}

export const default_limits: Limits = {
  total_ms: 30_000,
  idle_ms: 10_000,
  header_bytes: 16 * 1024,
  response_bytes: 4 * 1024 * 1024,
  decompressed_bytes: 16 * 1024 * 1024,
  json_depth: caps.json_depth,
  redirects: 3,
  retry_after_seconds: 3_600,
};
