export { Home, type HomeOptions, type OwnedHome, type RemoteHome } from './home.js';
export { EmbeddedRuntime, type RuntimeOptions } from './runtime.js';
