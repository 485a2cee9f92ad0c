import { type Plugin, pluginApiVersion } from '@llmteam/contracts';
import { transform } from './step-type.js';

export { TransformConfig } from './config.js';
export { transform } from './step-type.js';

const plugin: Plugin = { name: 'transform', api: pluginApiVersion, stepTypes: [transform] };

export default plugin;
