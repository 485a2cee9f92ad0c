import type { RunStatus } from '@llmteam/contracts';

/** Exit codes of the process. */
export const exitCodes = {
  completed: 0,
  /** The run failed, a file is invalid, or an error occurred. */
  failed: 1,
  usage: 2,
  timeout: 3,
  cancelled: 4,
  /** Exited immediately by a second Ctrl-C. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeOf(status: RunStatus): ExitCode {
  switch (status) {
    case 'completed':
    case 'timeout':
    case 'cancelled':
      return exitCodes[status];
    default:
      return exitCodes.failed;
  }
}
