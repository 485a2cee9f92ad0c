import type { Position } from '@llmteam/contracts';

/** Entries committed together; `body` has the format of batch-text.ts. */
export interface Batch {
  /** Position of the first entry. */
  readonly position: Position;
  readonly size: number;
  readonly body: string;
  /** Why its entries cannot be read; absent if they can. */
  readonly damage?: string;
}
