/**
 * Hard limits for every run, whatever its segment says. Exceeding one is a `LIMIT_EXCEEDED` error that names it.
 * Sizes are in bytes of JSON text unless the name says otherwise.
 */
export const caps = {
  segment_bytes: 4 * 1024 * 1024,
  steps_per_segment: 10_000,
  edges_per_segment: 50_000,
  loop_nesting: 16,
  json_depth: 64,
  json_keys_per_object: 10_000,
  json_nodes: 200_000,
  json_string_bytes: 512 * 1024,
  /** Larger values are stored in `Blobs` and passed by reference. */
  inline_value_bytes: 256 * 1024,
  /** The largest value a port may carry. */
  value_bytes: 4 * 1024 * 1024,
  /** What is kept of the message of an error. */
  error_message_bytes: 8 * 1024,
  /** Larger `details` of an error are left out. */
  error_details_bytes: 64 * 1024,
  /** The progress that a handler tells with `context.heartbeat`. */
  progress_bytes: 64 * 1024,
  events_per_run: 50_000,
  step_executions_per_run: 20_000,
  loop_iterations: 10_000,
  /** Inner steps of inner steps, and so on. */
  inner_step_depth: 8,
  /** What one step of a segment may declare, on all levels. */
  inner_steps_per_step: 1_000,
  /** Default of `params.max_parallel`, the jobs of one run in flight at once; further ready steps wait. */
  parallel_width: 256,
  attempts_per_step: 10,
  subworkflow_depth: 8,
  child_runs_per_run: 1_000,
  buffered_signals_per_run: 1_000,
  /** JSON text of the payloads of signals that no step has waited for yet. */
  buffered_signal_bytes: 4 * 1024 * 1024,
  expression_characters: 4_096,
  expression_nesting: 32,
  /** Comprehension steps per evaluation. */
  expression_work: 100_000,
  /** Work of one evaluation in units of about a nanosecond, counted and not timed: characters and values read and made. */
  expression_units: 20_000_000,
  /** Work of all evaluations for one entry of a history. */
  expression_units_per_entry: 200_000_000,
  expression_units_per_run: 5_000_000_000,
} as const;

export type Cap = keyof typeof caps;
