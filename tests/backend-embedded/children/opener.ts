/** Opens the store and tells how that went. Argument: folder. */
import { code_of, open_store, tell } from './child.js';

tell({ code: await code_of(open_store().then((backend) => backend.close())) });
