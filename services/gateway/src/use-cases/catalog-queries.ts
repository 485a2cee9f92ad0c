import { type CatalogType, LlmteamError, type StepTypeMetadata } from '@llmteam/contracts';
import type { StepCatalog } from '@llmteam/kernel';

/** How many live workers serve a version of a step type. */
export type LiveWorkerCount = (typeId: string, version: string) => number;

/** The step types that segments may use. */
export class CatalogQueries {
  constructor(
    private readonly catalog: StepCatalog,
    private readonly liveWorkers: LiveWorkerCount,
  ) {}

  list(): CatalogType[] {
    return this.catalog.list().map((metadata) => this.describe(metadata));
  }

  /** The newest version, or the newest in a range. @throws LlmteamError `STEP_TYPE_UNKNOWN` */
  show(typeId: string, range?: string): CatalogType {
    const choice = this.catalog.choose(range === undefined ? typeId : `${typeId}@${range}`);
    if (choice.kind === 'found') return this.describe(choice.entry.metadata);
    const versions = choice.kind === 'unknown_version' ? choice.versions.join(', ') : null;
    const reason = versions === null ? '' : ` in version '${range}'; there is ${versions}`;
    throw new LlmteamError('STEP_TYPE_UNKNOWN', `there is no step type '${typeId}'${reason}`);
  }

  private describe(metadata: StepTypeMetadata): CatalogType {
    const { type_id, version } = metadata;
    const versions = this.catalog.offered(type_id);
    return {
      type_id,
      version,
      versions: versions.map((entry) => entry.metadata.version),
      workers: this.liveWorkers(type_id, version),
      metadata,
    };
  }
}
