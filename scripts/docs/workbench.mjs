/**
 * Purpose: provides the pages with the real catalog of the built-in plugins, validator and engine.
 * The packages must be built.
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

/** Names that the example segments may refer to. */
const refs = {
  llm_ref: listed(['default', 'gpt4']),
  client_ref: listed(['crm', 'search']),
  segment_ref: listed(['article_writer']),
};

function listed(names) {
  return { has: (name) => names.includes(name), names: () => names };
}
