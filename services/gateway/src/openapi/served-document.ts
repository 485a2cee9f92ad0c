import type { StepCatalog } from '@llmteam/kernel';
import type { Route } from '../routes/route.js';
import { openapiDocument } from './document.js';

/** The document as JSON, made again when the catalog has other types: workers may announce them at any time. */
export class ServedDocument {
  private made: { readonly types: string; readonly json: Buffer } | null = null;

  constructor(
    private readonly routes: readonly Route[],
    private readonly version: string,
    private readonly catalog: StepCatalog,
  ) {}

  json(): Buffer {
    const metadata = this.catalog.list();
    const types = metadata.map(({ type_id, version }) => `${type_id}@${version}`).join();
    if (this.made?.types !== types) {
      this.made = { types, json: Buffer.from(JSON.stringify(openapiDocument(this.routes, this.version, metadata))) };
    }
    return this.made.json;
  }
}
