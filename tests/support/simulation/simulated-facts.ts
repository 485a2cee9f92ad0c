import type { ChildEnded, Segment } from '@llmteam/contracts';
import type { StartChild } from '@llmteam/kernel';

/** 300 s unless the segment sets it; null means no timeout. */
export function limitOf({ params }: Segment): number | null {
  return params?.timeout_seconds === undefined ? 300 : params.timeout_seconds;
}

export function unknownSegment(effect: StartChild, at: number): ChildEnded {
  const error = {
    error_type: 'LlmteamError',
    error_code: 'SEGMENT_UNKNOWN',
    error_message: `no segment '${effect.segment_ref}' is stored`,
    recoverable: false,
  };
  const usage = { input_tokens: 0, output_tokens: 0 };
  return {
    type: 'child.ended',
    at,
    step: effect.step,
    child_run_id: effect.run_id,
    status: 'failed',
    output: null,
    error,
    usage,
  };
}
