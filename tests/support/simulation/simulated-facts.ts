import type { ChildEnded, Fact, Segment } from '@llmteam/contracts';
import type { StartChild } from '@llmteam/kernel';

/** 300 s unless the segment sets it; null means no timeout. */
export function limitOf({ params }: Segment): number | null {
  return params?.timeout_seconds === undefined ? 300 : params.timeout_seconds;
}

/** Whether a fact is about a step or about an iteration of it. */
export function concerns(fact: Fact, step: string): boolean {
  if (fact.type === 'timer.fired') return fact.timer.startsWith(`${step}#`) || fact.timer.startsWith(`${step}:`);
  return 'step' in fact && (fact.step === step || fact.step.startsWith(`${step}[`));
}

/** Child runs are named after their parent: `run.2` of the source is `fork.2` of the fork. */
export function asOfFork(fact: Fact, source: string, fork: string): Fact {
  if (fact.type !== 'child.ended') return fact;
  return { ...fact, child_run_id: fork + fact.child_run_id.slice(source.length) };
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
