import type { StepTypeMetadata } from '@llmteam/contracts';
import { editorSchema } from '@llmteam/kernel';

/** Where segments of a new project expect it: next to them. */
export const editorSchemaFile = 'segment.schema.json';

export function editorSchemaText(types: readonly StepTypeMetadata[]): string {
  return `${JSON.stringify(editorSchema(types), null, 2)}\n`;
}
