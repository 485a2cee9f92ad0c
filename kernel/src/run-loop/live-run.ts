import type { Position, RunKey } from '@llmteam/contracts';
import type { Run } from '../engine/state.js';
import type { TimerOwner } from './timer-heap.js';

/** A run that has not ended, as the loop knows it. There may be 100,000 of them: what only a state in memory needs is not here. */
export interface LiveRun extends TimerOwner {
  /** null: not in memory. */
  run: Run | null;
  /** The last entry its state has seen; 0: not known, its history tells. */
  position: Position;
  /** The entry that requested it. */
  readonly began: Position;
  /** The position its snapshot was kept at, or one of the two below. */
  kept: Position;
  /** Entries still to come that a fork was begun with: what they once set off was done by the run they were copied from. */
  copiedLeft: number;
  stage: Stage;
  /** Of a run that nothing must be done for when the loop goes live: its timers are armed. */
  isReady: boolean;
}

/**
 * `busy`: in memory, with jobs in flight. `idle`: in memory, and waits. `leaving`: idle, and its snapshot is being kept so that it
 * can leave memory. `away`: not in memory. `givenUp`: this process cannot evaluate it. `over`: recorded as ended; no longer live.
 */
export type Stage = 'busy' | 'idle' | 'leaving' | 'away' | 'given_up' | 'over';

/** There is no key for it. */
export const neverKept: Position = 0;
/** There may be a key, but what is in it is not to be relied on. */
export const keptUnknown: Position = -1;

export function liveRun({ tenant_id, run_id }: RunKey, began: Position, position: Position = began): LiveRun {
  return {
    tenant_id,
    run_id,
    timers: null,
    run: null,
    position,
    began,
    kept: neverKept,
    copiedLeft: 0,
    stage: 'away',
    isReady: false,
  };
}

/** For what is kept: nothing but the key. */
export function keyOf({ tenant_id, run_id }: RunKey): RunKey {
  return { tenant_id, run_id };
}
