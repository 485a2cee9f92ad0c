import { define_plugin, plugin_api_version } from '@llmteam/contracts';
import { offline } from './providers/offline.js';
import { openai_compatible } from './providers/openai-compatible.js';
import { llm_agent } from './step-type.js';

export { LlmAgentConfig } from './config.js';
export { fill_prompt } from './prompt.js';
export { offline } from './providers/offline.js';
export { openai_compatible } from './providers/openai-compatible.js';
export { llm_agent } from './step-type.js';

export default define_plugin({
  name: 'llm-agent',
  api: plugin_api_version,
  step_types: [llm_agent],
  model_providers: [openai_compatible, offline],
});
