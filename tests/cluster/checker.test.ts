/** Tests the checker with the records of a correct cluster, spoiled in one way each. */
import * as assert from 'uvu/assert';
import { Random } from '../support/random.js';
import { spec } from '../support/spec.js';
import { type CheckOptions, judge } from './support/checker.js';
import { withCluster } from './support/cluster.js';
import { MixedLoad } from './support/mixed-load.js';
import { type Records, recordsOf } from './support/records.js';
import { beganAgain, keptAgain, spoiled } from './support/spoiled-records.js';

const strict: CheckOptions = { graceMs: 1_000, repeatsAreKept: false };
const lenient: CheckOptions = { graceMs: 120_000, repeatsAreKept: true };

async function withGoodRecords(use: (good: Records) => Promise<void>): Promise<void> {
  await withCluster({ coordinators: 1, workers: 1 }, async (cluster) => {
    const chains = new MixedLoad(cluster.client, new Random(1), ['chain']);
    await chains.prepare();
    await chains.play(3);
    const nested = new MixedLoad(cluster.client, new Random(2), ['nested']);
    await nested.play(1);
    await use(await recordsOf(cluster, new Map([...chains.expected, ...nested.expected])));
  });
}

/** The violations the checker reports; '' if none. */
async function faultsFound(records: Records, options: CheckOptions): Promise<string> {
  return judge(records, options).then(
    () => '',
    (error: Error) => error.message,
  );
}

spec('checker', (test) => {
  test(
    'the records of a correct cluster pass, and the fault of each spoiled one is found',
    () =>
      withGoodRecords(async (good) => {
        const { runs, childRuns, executions, lateExecutions } = await judge(good, strict);
        assert.equal([runs, childRuns, executions, lateExecutions], [4, 2, 3 * 5 + 4, 0]);
        for (const [what, { fault, spoil }] of Object.entries(spoiled)) {
          assert.match(await faultsFound(spoil(good), strict), fault, what);
        }
        assert.is(await faultsFound(beganAgain(60_000)(good), lenient), '', 'it ran again within the grace');
        assert.is(await faultsFound(keptAgain(good), lenient), '', 'its end was kept again, the same');
      }),
    { timeoutMs: 60_000 },
  );
});
