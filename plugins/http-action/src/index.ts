import { type Plugin, pluginApiVersion } from '@llmteam/contracts';
import { defaultLimits } from './limits.js';
import { limitsOf } from './settings.js';
import { createHttpAction } from './step-type.js';

export { HttpActionConfig } from './config.js';
export { defaultLimits, type Limits } from './limits.js';
export { HttpActionSettings } from './settings.js';
export { retryAfter } from './status.js';
export { createHttpAction, type HttpAction, type HttpActionOptions } from './step-type.js';

const httpAction = createHttpAction();

const plugin: Plugin = {
  name: 'http-action',
  api: pluginApiVersion,
  stepTypes: [httpAction.stepType],
  start: async ({ settings }) => {
    if (Object.keys(settings).length === 0) return httpAction.setLimits(defaultLimits);
    const { checkedSettings } = await import('./settings-check.js');
    httpAction.setLimits(limitsOf(checkedSettings(settings)));
  },
  stop: () => httpAction.close(),
};

export default plugin;
