export { type ManualClock, manual_clock } from './clock/manual-clock.js';
export { system_clock } from './clock/system-clock.js';
export { type MemoryBackendOptions, open_memory_backend } from './open-memory-backend.js';
export { open_run_index, type RunIndexFile, type RunIndexFileOptions } from './open-run-index.js';
export { open_sqlite_backend, type SqliteBackendOptions } from './open-sqlite-backend.js';
export { type Database, open_database, type SqlValue } from './sqlite-driver.js';
export { store_file } from './sqlite-file.js';
export { SqliteRunIndex } from './sqlite-run-index.js';
