import type { Ajv } from 'ajv';
import formats from 'ajv-formats';

/** ajv-formats is CommonJS: its function is the default of the default under Node's ESM. */
export function addFormats(ajv: Pick<Ajv, 'addFormat'>): void {
  const plugin = formats as unknown as { default: typeof formats };
  (plugin.default as unknown as (target: unknown) => void)(ajv);
}
