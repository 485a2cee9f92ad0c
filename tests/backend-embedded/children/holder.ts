/** Opens the store and keeps it until it is killed. */
import { open_store, tell } from './child.js';

await open_store();
tell({ open: true });
setInterval(() => undefined, 60_000);
