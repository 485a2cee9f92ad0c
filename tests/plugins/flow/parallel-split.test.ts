import { parallelSplitType } from '@llmteam/flow';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fitsSchema } from '../support/metadata-laws.js';
import { drive, failure, fired, started } from './support/drive.js';

spec('flow: parallel_split', (test) => {
  test('copy, the default, gives every branch the input', () => {
    for (const config of [{ branches: 3 }, { branches: 3, split: 'copy' }]) {
      const ports = fired(drive(parallelSplitType, { config, input: { a: 1 } }).tell(started));
      assert.equal(ports, { branch_1: { a: 1 }, branch_2: { a: 1 }, branch_3: { a: 1 } });
    }
  });

  test('round_robin deals element i to branch i modulo N', () => {
    const config = { branches: 3, split: 'round_robin' };
    const ports = fired(drive(parallelSplitType, { config, input: [0, 1, 2, 3, 4, 5, 6] }).tell(started));
    assert.equal(ports, { branch_1: [0, 3, 6], branch_2: [1, 4], branch_3: [2, 5] });
  });

  test('with fewer elements than branches the last branches get an empty list', () => {
    const config = { branches: 3, split: 'round_robin' };
    assert.equal(fired(drive(parallelSplitType, { config, input: ['a'] }).tell(started)), {
      branch_1: ['a'],
      branch_2: [],
      branch_3: [],
    });
  });

  test('round_robin of something that is no list fails the step', () => {
    const config = { branches: 2, split: 'round_robin' };
    const error = failure(drive(parallelSplitType, { config, input: { a: 1 } }).tell(started));
    assert.is(error.error_code, 'STEP_CONFIG_INVALID');
    assert.match(error.error_message, 'the input is an object');
  });

  test('copy takes anything, also no list', () => {
    assert.equal(fired(drive(parallelSplitType, { config: { branches: 2 }, input: 7 }).tell(started)), {
      branch_1: 7,
      branch_2: 7,
    });
  });

  test('its ports are branch_1 to branch_N, and answering costs no more than N may be', () => {
    assert.equal(parallelSplitType.ports?.({ branches: 2 }), { output: ['branch_1', 'branch_2'] });
    assert.is(parallelSplitType.ports?.({ branches: 1e12 }).output?.length, 256);
    assert.equal(parallelSplitType.ports?.({ branches: 'many' }), { output: [] });
  });

  test('the schema takes 2 to 256 branches', () => {
    for (const branches of [2, 256]) assert.ok(fitsSchema(parallelSplitType, { branches }));
    for (const branches of [1, 257, 2.5, '2']) assert.not(fitsSchema(parallelSplitType, { branches }));
  });
});
