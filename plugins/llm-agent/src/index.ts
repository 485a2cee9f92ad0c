import { type Plugin, pluginApiVersion } from '@llmteam/contracts';
import { offline } from './providers/offline.js';
import { openaiCompatible } from './providers/openai-compatible.js';
import { llmAgent } from './step-type.js';

export { LlmAgentConfig } from './config.js';
export { offline } from './providers/offline.js';
export { openaiCompatible } from './providers/openai-compatible.js';
export { llmAgent } from './step-type.js';

const plugin: Plugin = {
  name: 'llm-agent',
  api: pluginApiVersion,
  stepTypes: [llmAgent],
  modelProviders: [openaiCompatible, offline],
};

export default plugin;
