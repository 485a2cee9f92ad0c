import type { Segment } from '@llmteam/contracts';
import { defineSegment } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { segment, step } from './support/segments.js';
import { testCatalog } from './support/test-catalog.js';

spec('defineSegment', (test) => {
  test('each type as written gets the newest version that fits', () => {
    const steps = ['acme_ocr', 'acme_ocr@^1', 'acme_ocr@1.x || 2.x', 'echo'].map((type, at) =>
      step(`s${at}`, { type }),
    );
    const written = segment(steps) as unknown as Segment;
    const { segment: kept, step_types } = defineSegment(written, testCatalog());
    assert.is(kept, written);
    assert.equal(step_types, {
      acme_ocr: '2.3.0',
      'acme_ocr@^1': '1.0.0',
      'acme_ocr@1.x || 2.x': '2.3.0',
      echo: '1.4.0',
    });
  });

  test('a stored type of a plugin stays within its major version; one of LLMTeam, or with a version, does not', () => {
    const steps = ['foreign', 'foreign@*', 'echo', 'anything'].map((type, at) => step(`s${at}`, { type }));
    const written = segment(steps) as unknown as Segment;
    const pinned = { foreign: '1.0.0', 'foreign@*': '1.0.0', echo: '0.9.0' };
    const { step_types } = defineSegment(written, testCatalog(), pinned);
    assert.equal(step_types, { foreign: '1.2.0', 'foreign@*': '2.0.0', echo: '1.4.0', anything: '1.4.0' });
    assert.is(defineSegment(written, testCatalog(), { foreign: '7.0.0' }).step_types.foreign, '2.0.0');
  });

  test('a type or version that is not there throws SEGMENT_INVALID', () => {
    for (const type of ['nothing', 'acme_ocr@^9']) {
      const written = segment([step('a', { type })]) as unknown as Segment;
      assert.throws(
        () => defineSegment(written, testCatalog()),
        (thrown: { code: string; message: string }) => {
          return thrown.code === 'SEGMENT_INVALID' && thrown.message.includes(type);
        },
      );
    }
  });
});
