import { embeddedPlugin } from './embedded-plugin.js';

export { type MemoryBackendOptions, openMemoryBackend } from './open-memory-backend.js';
export { openRunIndex } from './open-run-index.js';
export { openSqliteBackend, type SqliteBackendOptions } from './open-sqlite-backend.js';
export { type Database, openDatabase, type SqlValue } from './sqlite-driver.js';
export { storeFile } from './sqlite-file.js';
export { SqliteRunIndex } from './sqlite-run-index.js';

export default embeddedPlugin;
