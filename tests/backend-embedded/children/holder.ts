/** Opens the store and holds it until killed. */
import { openStore, tell } from './child.js';

await openStore();
tell({ open: true });
setInterval(() => undefined, 60_000);
