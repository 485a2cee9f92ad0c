import { define_plugin, plugin_api_version } from '@llmteam/contracts';
import { transform } from './step-type.js';

export { TransformConfig } from './config.js';
export { transform } from './step-type.js';

export default define_plugin({ name: 'transform', api: plugin_api_version, step_types: [transform] });
