/** What the raw loop's processes agree on: the least that a durable step can cost on JetStream. */
export interface RawLoop {
  readonly servers: string;
  readonly runsInFlight: number;
  readonly stepsPerRun: number;
  readonly runs: number;
  /** Runs before those that are measured, for the processes to get as warm as the others that are measured. */
  readonly warmUpRuns: number;
}

export const jobsStream = 'RAW_JOBS';
export const reportsStream = 'RAW_REPORTS';
export const workerConsumer = 'worker';
/** As large as a no-op step's job and report are. */
export const body = new Uint8Array(256).fill(120);

export function jobSubject(run: number, step: number): string {
  return `raw.job.noop.${run}.${step}`;
}

export function reportSubject(run: number, step: number): string {
  return `raw.report.${run}.${step}`;
}
