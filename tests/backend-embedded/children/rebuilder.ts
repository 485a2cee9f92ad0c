/** Rebuilds the run index of a store and is killed after this many changes. Arguments: folder, changes. */
import { type RebuildProgress, rebuildIndex } from '@llmteam/kernel';
import { rebuildPorts } from '../../run-loop/listed-runs.js';
import { openStore, tell } from './child.js';

const applied: RebuildProgress[] = [];
const backend = await openStore();
await rebuildIndex(rebuildPorts(backend), (progress) => {
  applied.push(progress);
  if (applied.length < Number(process.argv[3])) return;
  tell({ killed: true });
  process.kill(process.pid, 'SIGKILL');
});
tell({ killed: false });
