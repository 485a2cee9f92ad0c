export { Home, type HomeOptions, type OwnedHome, type RemoteHome } from './home.js';
export { type HomeRebuildProgress, rebuild_home_index } from './index-rebuild.js';
export { EmbeddedRuntime, type RuntimeOptions } from './runtime.js';
