import type { Entry, Position } from '@llmteam/contracts';

/** A place in a partition, and the latest time of an entry up to there in epoch milliseconds. */
export interface Reached {
  readonly position: Position;
  readonly at: number;
}

/** How far a loop has applied its partition. */
export class LoopProgress implements Reached {
  private lastPosition: Position = 0;
  private latestTime = 0;
  private appliedCount = 0;
  private ignoredCount = 0;

  get position(): Position {
    return this.lastPosition;
  }

  get at(): number {
    return this.latestTime;
  }

  /** Entries applied so far. */
  get applied(): number {
    return this.appliedCount;
  }

  /** Of these, the ones that meant nothing: repeats, and facts of runs that are over. */
  get ignored(): number {
    return this.ignoredCount;
  }

  startAt({ position, at }: Reached): void {
    this.lastPosition = position;
    this.latestTime = at;
  }

  advance({ position, fact }: Entry): void {
    this.appliedCount++;
    this.lastPosition = position;
    this.latestTime = Math.max(this.latestTime, fact.at);
  }

  /** What is at the position cannot be read. */
  skip(position: Position): void {
    this.lastPosition = Math.max(this.lastPosition, position);
  }

  ignore(): void {
    this.ignoredCount++;
  }
}
