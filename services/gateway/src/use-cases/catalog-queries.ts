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

  /** @throws LlmteamError `STEP_TYPE_UNKNOWN` */
  show(typeId: string): CatalogType {
    const metadata = this.catalog.list().find((type) => type.type_id === typeId);
    if (metadata === undefined) throw new LlmteamError('STEP_TYPE_UNKNOWN', `there is no step type '${typeId}'`);
    return this.describe(metadata);
  }

  private describe(metadata: StepTypeMetadata): CatalogType {
    const { type_id, version } = metadata;
    const versions = this.catalog.entries().filter((entry) => entry.metadata.type_id === type_id);
    return {
      type_id,
      version,
      versions: versions.map((entry) => entry.metadata.version),
      workers: this.liveWorkers(type_id, version),
      metadata,
    };
  }
}
