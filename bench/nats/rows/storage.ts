import { spread } from '../../measure.js';
import type { Row } from '../../row.js';
import { chain } from '../../segments.js';
import { withCluster } from '../cluster.js';

const steps = [1, 10] as const;
const runs = 2_000;

/** How much does the server store of a run, and of each further step of it? Values are empty, so that it is what LLMTeam adds. */
export async function storage(): Promise<readonly Row[]> {
  return withCluster({ sync: 'default', coordinators: 1, workers: 1 }, async (cluster) => {
    const perRun: number[] = [];
    for (const length of steps) {
      const definition = await cluster.prepare(chain(length));
      const before = await cluster.journalBytes();
      await cluster.runMany(definition, runs, 100);
      perRun.push(((await cluster.journalBytes()) - before) / runs);
    }
    const [short = 0, long = 0] = perRun;
    const perStep = (long - short) / (steps[1] - steps[0]);
    return [
      told('nats_bytes_per_run', 'NATS: journal of a run of 1 step without values, on the server', short),
      told('nats_bytes_per_step', 'NATS: journal of each further step, on the server', perStep),
    ];
  });
}

function told(key: string, question: string, bytes: number): Row {
  const measured = spread([bytes]);
  return { key, question, unit: 'bytes', measured, floor: null, target: 'told, no target', isMet: true };
}
