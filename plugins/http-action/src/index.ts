import { define_plugin, plugin_api_version } from '@llmteam/contracts';
import { create_http_action } from './step-type.js';

export { type Reach, reach_of } from './address.js';
export { HttpActionConfig } from './config.js';
export { default_limits, type Limits } from './limits.js';
export { retry_after } from './status.js';
export { create_http_action, type HttpAction, type HttpActionOptions } from './step-type.js';

const http_action = create_http_action();

export default define_plugin({
  name: 'http-action',
  api: plugin_api_version,
  step_types: [http_action.step_type],
  stop: () => http_action.close(),
});
