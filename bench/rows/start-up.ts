import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFolder } from '../folder.js';
import { repeat, timeMs } from '../measure.js';
import type { Row } from '../row.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const cli = join(root, 'clients', 'cli', 'bin', 'llmteam.js');

/** How long does a command take, process start included? The baseline is a Node process that does nothing. */
export async function startUp(): Promise<Row[]> {
  return withFolder(async (folder) => {
    const timed = (args: readonly string[]): Promise<number> =>
      timeMs(() => execFileSync(process.execPath, [...args], { cwd: folder, stdio: 'pipe' }));
    const floor = await repeat(15, () => timed(['-e', '0']));
    const row = async (key: string, question: string, args: readonly string[], targetMs: number): Promise<Row> => {
      await timed([cli, ...args]);
      const measured = await repeat(15, () => timed([cli, ...args]));
      const isMet = measured.median <= targetMs;
      return { key, question, unit: 'ms', measured, floor, target: `≤ ${targetMs} ms`, isMet };
    };
    const segment = join(root, 'bench', 'three-steps.json');
    return [
      await row('help_ms', '`llmteam --help`', ['--help'], 150),
      await row('version_ms', '`llmteam version`', ['version'], 150),
      await row('run_of_3_steps_ms', '`llmteam run` with a 3-step segment', ['run', segment], 500),
    ];
  });
}
