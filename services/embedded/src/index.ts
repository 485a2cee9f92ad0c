export { type Config, ConfigFile, config_file_name, find_config, load_config } from './config.js';
export { Home, type HomeOptions, type OwnedHome, type RemoteHome } from './home.js';
export { open_log } from './log.js';
export type { LogOptions } from './log-options.js';
export { EmbeddedRuntime, load_plugins, type Plugins, type RuntimeOptions } from './runtime.js';
export { system_reason } from './system-reason.js';
