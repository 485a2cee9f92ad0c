import { definePlugin, pluginApiVersion } from '@llmteam/contracts';
import { transform } from './step-type.js';

export { TransformConfig } from './config.js';
export { transform } from './step-type.js';

export default definePlugin({ name: 'transform', api: pluginApiVersion, stepTypes: [transform] });
