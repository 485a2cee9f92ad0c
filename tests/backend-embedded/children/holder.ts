/** Opens the store and keeps it until it is killed. */
import { openStore, tell } from './child.js';

await openStore();
tell({ open: true });
setInterval(() => undefined, 60_000);
