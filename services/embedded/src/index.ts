export { Home, type HomeOptions, type OwnedHome, type RemoteHome } from './home.js';
export { type HomeRebuildProgress, rebuildHomeIndex } from './index-rebuild.js';
export { EmbeddedRuntime, type RuntimeOptions } from './runtime.js';
