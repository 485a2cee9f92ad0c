export { run_worker, type WorkerOptions } from './run-worker.js';
