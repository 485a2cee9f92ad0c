import type { RunStatus } from '@llmteam/contracts';

/** How the process ends, for scripts. */
export const exit_codes = {
  completed: 0,
  /** The run failed, a file is invalid, or something went wrong. */
  failed: 1,
  usage: 2,
  timeout: 3,
  cancelled: 4,
  /** Left at once by a second Ctrl-C. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exit_codes)[keyof typeof exit_codes];

export function exit_code_of(status: RunStatus): ExitCode {
  switch (status) {
    case 'completed':
    case 'timeout':
    case 'cancelled':
      return exit_codes[status];
    default:
      return exit_codes.failed;
  }
}
