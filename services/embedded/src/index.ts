export { type LocalRebuildProgress, rebuildLocalIndexes } from './index-rebuild.js';
export { LocalStores, type LocalStoresOptions, type OwnedStore, type RemoteStore } from './local-stores.js';
export { EmbeddedRuntime, type RuntimeOptions } from './runtime.js';
