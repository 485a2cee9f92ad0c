export { type LocalRebuildProgress, rebuildLocalIndexes } from './index-rebuild.js';
export {
  LocalStores,
  type LocalStoresOptions,
  type OwnedStore,
  type RemoteStore,
  type RunningService,
} from './local-stores.js';
export { type Driving, drivesNothing, isDriven } from './owner-info.js';
export { eachLocalStore, type Peeked, peekStores } from './peek-stores.js';
export { EmbeddedRuntime, type RuntimeOptions } from './runtime.js';
export { localStoreFolders } from './store-folders.js';
