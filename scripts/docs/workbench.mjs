/**
 * Purpose: the real thing, for the pages to ask: the catalog of the built-in plugins, the validator, the engine.
 * Needs the packages to be built.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createExpressionCompiler } from '@llmteam/kernel';
import { loadConfig, loadPlugins } from '@llmteam/service-host';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

const nothing = () => undefined;
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => quiet };

/** @returns {Promise<{ catalog: object, compiler: object, refs: object, plugins: readonly object[] }>} */
export async function openWorkbench() {
  const { catalog, loaded } = await loadPlugins(loadConfig(null, {}), quiet);
  return { catalog, compiler: createExpressionCompiler(), refs, plugins: loaded.map(({ plugin }) => plugin) };
}

/** What the examples of the pages may refer to. */
const refs = {
  llm_ref: listed(['default', 'gpt4']),
  client_ref: listed(['crm', 'search']),
  segment_ref: listed(['article_writer']),
};

function listed(names) {
  return { has: (name) => names.includes(name), names: () => names };
}
