import { definePlugin, pluginApiVersion } from '@llmteam/contracts';
import { createHttpAction } from './step-type.js';

export { type Reach, reachOf } from './address.js';
export { HttpActionConfig } from './config.js';
export { defaultLimits, type Limits } from './limits.js';
export { retryAfter } from './status.js';
export { createHttpAction, type HttpAction, type HttpActionOptions } from './step-type.js';

const httpAction = createHttpAction();

export default definePlugin({
  name: 'http-action',
  api: pluginApiVersion,
  stepTypes: [httpAction.stepType],
  stop: () => httpAction.close(),
});
