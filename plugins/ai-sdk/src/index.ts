export { type AiSdkModelOptions, aiSdkModel } from './ai-sdk-model.js';
export { badAnswer, checkEnd } from './answer-end.js';
export { boundedFetch } from './bounded-fetch.js';
export { cancellation } from './cancellation.js';
export type { RawAnswer, SdkModel, SdkModelSource, TimeLimits } from './model-options.js';
export { chatAnswer } from './service-reason.js';
