import type { StepCatalog } from '@llmteam/kernel';
import type { Route } from '../routes/route.js';
import { openapiDocument } from './document.js';

/** The document as JSON text, made again when the catalog has other types: workers may announce them at any time. */
export class ServedDocument {
  private made: { readonly types: string; readonly text: string } | null = null;

  constructor(
    private readonly routes: readonly Route[],
    private readonly version: string,
    private readonly catalog: StepCatalog,
  ) {}

  text(): string {
    const metadata = this.catalog.list();
    const types = metadata.map(({ type_id, version }) => `${type_id}@${version}`).join();
    if (this.made?.types !== types) {
      this.made = { types, text: JSON.stringify(openapiDocument(this.routes, this.version, metadata)) };
    }
    return this.made.text;
  }
}
