/**
 * Purpose: tells a step of a control type what happens, and checks by replays that its type is a function of what it is told.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Directive, ErrorInfo, FiredPorts, Occurrence } from '@llmteam/contracts';
import { type AnyControlType, type Around, type ControlInput, ControlStep } from './control-step.js';
import { withPoison } from './poison.js';

/** An occurrence, with the time if it matters: epoch milliseconds, 0 at first and then that of the occurrence before. */
export type TimedOccurrence = Occurrence & { readonly now?: number };

export interface ControlOutcome {
  /** One list per occurrence. */
  readonly reactions: readonly (readonly Directive[])[];
  readonly state: unknown;
  readonly hasEnded: boolean;
  /** What the step fired; null if it did not complete. */
  readonly ports: FiredPorts | null;
  readonly error: ErrorInfo | null;
}

/** Default: the step is ready. */
const onlyStarted: readonly TimedOccurrence[] = [{ kind: 'started' }];

/**
 * Drives a step through occurrences three times: as it is; with the state passed through JSON text after each occurrence, as a checkpoint
 * does; and with clocks, randomness, timers, the network and the process out of reach.
 * @throws Error if the type throws, returns what the engine does not accept, or does not do the same each time
 */
export function driveControl(
  type: AnyControlType,
  input: ControlInput = {},
  occurrences: readonly TimedOccurrence[] = onlyStarted,
): ControlOutcome {
  const outcome = drive(type, input, occurrences, (state) => state);
  const isolated = drive(type, input, occurrences, (state) => state, withPoison);
  expectSame(type, outcome, isolated, 'it is told the same again');
  const restored = drive(type, input, occurrences, (state) => JSON.parse(JSON.stringify(state ?? null)) ?? undefined);
  expectSame(type, outcome, restored, 'its state went through JSON text');
  return outcome;
}

function drive(
  type: AnyControlType,
  input: ControlInput,
  occurrences: readonly TimedOccurrence[],
  keep: (state: unknown) => unknown,
  around?: Around,
): ControlOutcome {
  const step = new ControlStep(type, input);
  let time = 0;
  const reactions = occurrences.map(({ now, ...occurrence }) => {
    time = now ?? time;
    const directives = structuredClone(step.tell(occurrence, time, around));
    step.state = keep(step.state);
    return directives;
  });
  const last = reactions.flat().at(-1);
  return {
    reactions,
    state: structuredClone(step.state),
    hasEnded: step.hasEnded,
    ports: last?.do === 'complete' ? last.ports : null,
    error: last?.do === 'fail' ? last.error : null,
  };
}

function expectSame(type: AnyControlType, first: ControlOutcome, second: ControlOutcome, when: string): void {
  if (isDeepStrictEqual(first.reactions, second.reactions)) return;
  const at = first.reactions.findIndex((one, place) => !isDeepStrictEqual(one, second.reactions[place]));
  const both = `${JSON.stringify(first.reactions[at])}, then ${JSON.stringify(second.reactions[at])}`;
  throw new Error(
    `step type '${type.metadata.type_id}' is not deterministic: when ${when}, occurrence ${at} gives ${both}`,
  );
}
