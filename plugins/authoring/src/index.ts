export { type AiSdkModelOptions, aiSdkModel, boundedFetch } from '@llmteam/ai-sdk';
export {
  type Backend,
  type BackendContext,
  type BackendType,
  type ControlView,
  celKeyword,
  type Directive,
  expectedKeyword,
  type FetchOptions,
  type GuardedFetch,
  type HttpClientConfig,
  type InnerStep,
  innerConfigKeyword,
  isLlmteamError,
  type Json,
  type JsonObject,
  type KeyValueStore,
  type LanguageModel,
  LlmteamError,
  type Logger,
  type LogLevel,
  literalKeyword,
  type ModelMessage,
  type ModelPart,
  type ModelProvider,
  type ModelRequest,
  type ModelResponse,
  type ModelTool,
  messageText,
  type Occurrence,
  type Permissions,
  type Plugin,
  type PluginHostContext,
  type ProviderContext,
  type Reaction,
  type StepContext,
  schemaKeyword,
  type ToolCall,
  templateKeyword,
  type Usage,
} from '@llmteam/contracts';
export { type Static, Type } from 'typebox';
export { type ControlDefinition, defineControl } from './define-control.js';
export { definePlugin, type PluginDefinition } from './define-plugin.js';
export { defineProvider, type ProviderDefinition } from './define-provider.js';
export { defineTask, type PortValues, type TaskContext, type TaskDefinition } from './define-task.js';
export type { Appearance } from './describe.js';
export { defineResources, type Resources, type ResourcesDefinition } from './resources.js';
