/** What the raw loop's processes agree on: the least that a durable step can cost on JetStream. */
export interface RawLoop {
  readonly servers: string;
  readonly runs_in_flight: number;
  readonly steps_per_run: number;
  readonly runs: number;
  /** Runs before those that are measured, for the processes to get as warm as the others that are measured. */
  readonly warm_up_runs: number;
}

export const jobs_stream = 'RAW_JOBS';
export const reports_stream = 'RAW_REPORTS';
export const worker_consumer = 'worker';
/** As large as a no-op step's job and report are. */
export const body = new Uint8Array(256).fill(120);

export function job_subject(run: number, step: number): string {
  return `raw.job.noop.${run}.${step}`;
}

export function report_subject(run: number, step: number): string {
  return `raw.report.${run}.${step}`;
}
