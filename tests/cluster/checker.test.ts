/** The checker is believed only because it finds what is wrong: the records of a good cluster, spoiled in one way each. */
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type CheckOptions, judge } from './support/checker.js';
import { with_cluster } from './support/cluster.js';
import { MixedLoad } from './support/mixed-load.js';
import { Random } from './support/random.js';
import { type Records, records_of } from './support/records.js';
import { began_again, kept_again, spoiled } from './support/spoiled-records.js';

const strict: CheckOptions = { grace_ms: 1_000, repeats_are_kept: false };
const lenient: CheckOptions = { grace_ms: 120_000, repeats_are_kept: true };

async function with_good_records(use: (good: Records) => Promise<void>): Promise<void> {
  await with_cluster({ coordinators: 1, workers: 1 }, async (cluster) => {
    const chains = new MixedLoad(cluster.client, new Random(1), ['chain']);
    await chains.prepare();
    await chains.play(3);
    const nested = new MixedLoad(cluster.client, new Random(2), ['nested']);
    await nested.play(1);
    await use(await records_of(cluster, new Map([...chains.expected, ...nested.expected])));
  });
}

/** '': nothing. */
async function faults_found(records: Records, options: CheckOptions): Promise<string> {
  return judge(records, options).then(
    () => '',
    (error: Error) => error.message,
  );
}

spec('checker', (test) => {
  test(
    'nothing is wrong with the records of a good cluster, and what is wrong with each that was spoiled is found',
    () =>
      with_good_records(async (good) => {
        const { runs, child_runs, executions, late_executions } = await judge(good, strict);
        assert.equal([runs, child_runs, executions, late_executions], [4, 2, 3 * 5 + 4, 0]);
        for (const [what, { fault, spoil }] of Object.entries(spoiled)) {
          assert.match(await faults_found(spoil(good), strict), fault, what);
        }
        assert.is(await faults_found(began_again(60_000)(good), lenient), '', 'it ran again within the grace');
        assert.is(await faults_found(kept_again(good), lenient), '', 'its end was kept again, the same');
      }),
    { timeout_ms: 60_000 },
  );
});
