// takes: 20
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { checkLogs } from './support/mixed-log.js';
import { caller, playMixedScene } from './support/mixed-scene.js';
import { checkChild, mixedLine, mixedNames, mixedTree } from './support/mixed-tree.js';
import type { ReceivedSpan } from './support/otlp-receiver.js';
import { treeOf } from './support/span-tree.js';

/** One trace, and no span twice. Returns the trace of the child run. */
function checkSpans(spans: readonly ReceivedSpan[]): string {
  const ids = spans.map(({ trace_id, span_id }) => `${trace_id}/${span_id}`);
  assert.is(new Set(ids).size, ids.length);
  const ofCaller = spans.filter(({ trace_id }) => trace_id === caller.trace_id);
  assert.equal(treeOf(ofCaller, mixedLine, caller.span_id, mixedNames), mixedTree);
  checkChild(spans);
  const services = (name: RegExp) => [
    ...new Set(ofCaller.filter((span) => name.test(span.name)).map(({ service }) => service)),
  ];
  assert.equal(services(/^(run|step) /), ['llmteam-coordinator']);
  assert.equal(services(/^(GET|chat)/), ['llmteam-worker']);
  assert.equal(services(/^POST/), ['llmteam-gateway']);
  return spans.find(({ name }) => name === 'run child')?.trace_id ?? '';
}

spec('traces, metrics and logs of an installation', (test) => {
  test(
    'tell all of a run over gateway, coordinators and workers, two of which are killed, and nothing twice: one trace, every count, a line per event',
    async () => {
      const scene = await playMixedScene();
      const childTrace = checkSpans(scene.spans);
      checkLogs(scene, caller.trace_id, childTrace);
    },
    { timeoutMs: 120_000 },
  );
});
