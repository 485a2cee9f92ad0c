/** Appends until it cannot, and a little further. Arguments: folder, the most appends it makes. */
import { list_of } from '../../conformance/kit.js';
import { append_until_failure, code_of, note, open_store, run, tell } from './child.js';

const { journal, registry, index } = await open_store();
const { kept, code } = await append_until_failure(journal, 5_000, Number(process.argv[3]));
tell({
  kept,
  code,
  later: [
    await code_of(journal.append(run, [note('later')])),
    await code_of(registry.put('later', 1)),
    await code_of(index.apply([{ partition: 0, position: 1, runs: [], tasks: [] }])),
  ],
  readable: (await list_of(journal.read(run))).length,
});
process.exit(0);
