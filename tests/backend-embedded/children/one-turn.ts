/** Writes through every port of the database in one turn of the event loop. Argument: folder. */
import { note, openStore, tell } from './child.js';

const { journal, kv, index, close } = await openStore();
// The very first commit also creates the log.
await journal.append({ tenant_id: 'acme', run_id: 'first' }, [note('m')]);
tell({ mark: 'before' });
const writes = Array.from({ length: 100 }, (_, number) => [
  journal.append({ tenant_id: 'acme', run_id: `run-${number}` }, [note('m')]),
  kv.put(`key-${number}`, number),
  index.apply([{ partition: 0, position: number + 1, runs: [], tasks: [] }]),
]);
await Promise.all(writes.flat());
tell({ mark: 'after' });
await close();
