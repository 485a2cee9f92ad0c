import type { RunView } from '@llmteam/contracts';

export interface DrawOptions {
  /** A run of the segment; its statuses determine the colours of the steps. */
  readonly view?: RunView;
  /** Defaults to the segment's name. */
  readonly title?: string;
}
