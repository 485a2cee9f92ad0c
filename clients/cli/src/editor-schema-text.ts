import type { StepTypeMetadata } from '@llmteam/contracts';
import { editorSchema } from '@llmteam/kernel';

export function editorSchemaText(types: readonly StepTypeMetadata[]): string {
  return `${JSON.stringify(editorSchema(types), null, 2)}\n`;
}
