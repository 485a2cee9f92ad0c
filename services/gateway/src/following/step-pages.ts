import type { RunKey, StepPage, StepRecord } from '@llmteam/contracts';
import { type FoldSources, readSteps } from '@llmteam/kernel';
import { type JsonText, pageText } from './page-text.js';
import { PagedHistory, type PageRequest, type Reading } from './paged-history.js';
import type { ReplayGate } from './replay-gate.js';

/** The step occurrences of runs in pages. */
export class StepPages {
  private readonly pages: PagedHistory<StepRecord>;

  constructor(sources: FoldSources, gate: ReplayGate) {
    this.pages = new PagedHistory(gate, (run) => readingOf(readSteps(sources, run)));
  }

  /** A page as JSON text. @throws LlmteamError `RUN_UNKNOWN` */
  async read(run: RunKey, request: PageRequest): Promise<JsonText<StepPage>> {
    const { json, end, isCut } = await this.pages.page(run, request);
    return pageText<StepPage>({ steps: json, cursor: JSON.stringify(isCut ? String(end) : null) });
  }

  drop(): void {
    this.pages.drop();
  }
}

function readingOf(steps: AsyncGenerator<StepRecord>): Reading<StepRecord> {
  return {
    goesOn: false,
    next: async () => {
      const { value, done } = await steps.next();
      return done === true ? null : value;
    },
  };
}
