/** What one tenant, one client or one request may use; each limit applies per gateway process. */
export interface GatewayLimits {
  /** Per tenant and second. */
  readonly requests_per_second: number;
  readonly starts_per_second: number;
  /** Bytes of segments to validate or store, per tenant and second. */
  readonly segment_bytes_per_second: number;
  /** Per tenant. Counted from the journal, so every gateway sees the same number. */
  readonly active_runs: number;
  /** SSE and WebSocket, per tenant. */
  readonly open_streams: number;
  /** What the clients of a tenant have asked for and not taken; beyond it, those that wait longest are cut off. */
  readonly unread_response_bytes: number;
  readonly body_bytes: number;
  readonly segment_bytes: number;
  readonly header_count: number;
  readonly header_bytes: number;
  /** Time for the headers of a request to arrive. */
  readonly head_ms: number;
  /** Time for the whole request to arrive. */
  readonly request_ms: number;
  /** The longest `?wait=`. */
  readonly wait_seconds: number;
  readonly heartbeat_ms: number;
  /** A reader that reads nothing for this long is cut off; it can resume. */
  readonly slow_reader_ms: number;
  /** A reader with this many live bytes waiting is cut off; it can resume. */
  readonly slow_reader_bytes: number;
}

export const defaultLimits: GatewayLimits = {
  requests_per_second: 1_000,
  starts_per_second: 50,
  segment_bytes_per_second: 1024 * 1024,
  active_runs: 10_000,
  open_streams: 200,
  unread_response_bytes: 16 * 1024 * 1024,
  body_bytes: 1024 * 1024,
  segment_bytes: 4 * 1024 * 1024,
  header_count: 100,
  header_bytes: 16 * 1024,
  head_ms: 10_000,
  request_ms: 30_000,
  wait_seconds: 60,
  heartbeat_ms: 15_000,
  slow_reader_ms: 10_000,
  slow_reader_bytes: 1024 * 1024,
};
