/** What one tenant, one client or one request may use. All are per gateway process. */
export interface GatewayLimits {
  /** Per tenant and second. */
  readonly requests_per_second: number;
  readonly starts_per_second: number;
  /** Per tenant; counted from the journal, so the same in every gateway. */
  readonly active_runs: number;
  /** SSE and WebSocket, per tenant. */
  readonly open_streams: number;
  readonly body_bytes: number;
  readonly segment_bytes: number;
  readonly header_count: number;
  readonly header_bytes: number;
  /** Time for the head of a request to arrive, and for all of it. */
  readonly head_ms: number;
  readonly request_ms: number;
  /** The longest `?wait=`. */
  readonly wait_seconds: number;
  readonly heartbeat_ms: number;
  /** A reader that takes nothing for so long, or leaves so much live data waiting, is cut off. It can resume. */
  readonly slow_reader_ms: number;
  readonly slow_reader_bytes: number;
}

export const defaultLimits: GatewayLimits = {
  requests_per_second: 1_000,
  starts_per_second: 50,
  active_runs: 10_000,
  open_streams: 200,
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
