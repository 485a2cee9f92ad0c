import type { RunView } from '@llmteam/contracts';

export interface DrawOptions {
  /** A run of the segment: steps are coloured by its statuses. */
  readonly view?: RunView;
  /** Instead of the segment's name. */
  readonly title?: string;
}
