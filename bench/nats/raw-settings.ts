/** What the two processes of the raw loop share. */
export interface RawLoop {
  readonly servers: string;
  readonly runsInFlight: number;
  readonly stepsPerRun: number;
  readonly runs: number;
  /** Runs before the measured ones, so that both sides of the comparison are equally warm. */
  readonly warmUpRuns: number;
}

export const jobsStream = 'RAW_JOBS';
export const reportsStream = 'RAW_REPORTS';
export const workerConsumer = 'worker';
/** As large as the job and the report of a no-op step. */
export const body = new Uint8Array(256).fill(120);

export function jobSubject(run: number, step: number): string {
  return `raw.job.noop.${run}.${step}`;
}

export function reportSubject(run: number, step: number): string {
  return `raw.report.${run}.${step}`;
}
