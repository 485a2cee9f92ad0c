/** Rebuilds the lists of a store and is killed when so many changes are applied. Arguments: folder, changes. */
import { type RebuildProgress, rebuild_index } from '@llmteam/kernel';
import { rebuild_ports } from '../../run-loop/listed-runs.js';
import { open_store, tell } from './child.js';

const applied: RebuildProgress[] = [];
const backend = await open_store();
await rebuild_index(rebuild_ports(backend), (progress) => {
  applied.push(progress);
  if (applied.length < Number(process.argv[3])) return;
  tell({ killed: true });
  process.kill(process.pid, 'SIGKILL');
});
tell({ killed: false });
