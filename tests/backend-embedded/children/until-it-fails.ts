/** Appends until an append fails, and a few more. Arguments: folder, maximum number of appends. */
import { listOf } from '../../conformance/kit.js';
import { appendUntilFailure, codeOf, note, openStore, run, tell } from './child.js';

const { journal, kv, index } = await openStore();
const { kept, code } = await appendUntilFailure(journal, 5_000, Number(process.argv[3]));
tell({
  kept,
  code,
  later: [
    await codeOf(journal.append(run, [note('later')])),
    await codeOf(kv.put('later', 1)),
    await codeOf(index.apply([{ partition: 0, position: 1, runs: [], tasks: [] }])),
  ],
  readable: (await listOf(journal.read(run))).length,
});
process.exit(0);
