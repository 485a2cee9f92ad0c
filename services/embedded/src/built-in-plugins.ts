import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const names = ['@llmteam/flow', '@llmteam/transform', '@llmteam/llm-agent', '@llmteam/http-action'];

/** The plugin packages that come with LLMTeam, loaded as any other plugin is. */
export function built_in_plugins(): { specifier: string; from_folder: string }[] {
  const from_folder = dirname(fileURLToPath(import.meta.url));
  return names.map((specifier) => ({ specifier, from_folder }));
}
