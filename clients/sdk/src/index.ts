export { ApiError } from './api-error.js';
export { type ClientOptions, LlmteamClient, type StartOptions, type WaitOptions } from './client.js';
export type { FollowedEvent, FollowOptions } from './follow.js';
export { type SseMessage, SseParser } from './sse-parser.js';
