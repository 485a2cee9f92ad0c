import { type Plugin, pluginApiVersion } from '@llmteam/contracts';
import { anthropic } from './providers/anthropic.js';
import { google } from './providers/google.js';
import { offline } from './providers/offline.js';
import { openai } from './providers/openai.js';
import { openaiCompatible } from './providers/openai-compatible.js';
import { llmAgent } from './step-type.js';

export { LlmAgentConfig } from './config.js';
export { anthropic } from './providers/anthropic.js';
export { google } from './providers/google.js';
export { offline } from './providers/offline.js';
export { openai } from './providers/openai.js';
export { openaiCompatible } from './providers/openai-compatible.js';
export { llmAgent } from './step-type.js';

const plugin: Plugin = {
  name: 'llm-agent',
  api: pluginApiVersion,
  stepTypes: [llmAgent],
  modelProviders: [openai, anthropic, google, openaiCompatible, offline],
};

export default plugin;
