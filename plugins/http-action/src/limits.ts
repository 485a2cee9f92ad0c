/** Limits of one request. Times are in milliseconds, sizes in bytes. Each is a key of `settings.http-action` (settings.ts). */
export interface Limits {
  /** From the first DNS lookup to the last byte, redirects included; for steps without `timeout_seconds`. */
  readonly totalMs: number;
  /** Name lookup, TCP connection and TLS handshake. */
  readonly connectMs: number;
  /** The longest pause within a response; 0 means no limit besides that of the whole request. */
  readonly idleMs: number;
  readonly headerBytes: number;
  /** As received, before decompression. */
  readonly responseBytes: number;
  readonly decompressedBytes: number;
  /** How much of the body of an unexpected status is kept, and how long it is waited for. */
  readonly errorBodyBytes: number;
  readonly errorBodyMs: number;
  readonly redirects: number;
}

export const defaultLimits: Limits = {
  totalMs: 300_000,
  connectMs: 10_000,
  idleMs: 0,
  headerBytes: 16 * 1024,
  responseBytes: 4 * 1024 * 1024,
  decompressedBytes: 16 * 1024 * 1024,
  errorBodyBytes: 16 * 1024,
  errorBodyMs: 5_000,
  redirects: 3,
};

/** The longest wait that the engine honors in `retry_after_seconds`. */
export const maxRetryAfterSeconds = 3_600;

/** Codings of one response (RFC 9110, section 8.4); each may multiply the work. */
export const maxContentCodings = 5;
