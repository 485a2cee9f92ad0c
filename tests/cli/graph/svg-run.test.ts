import { type StepStatus, stepStatuses } from '@llmteam/contracts';
import { drawSvg } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { type Picture, readPicture, shownTexts, titleOf } from './support/picture.js';
import { chain, diamond, nestedLoops, runOf, segment } from './support/segments.js';
import { descendants, withClass, type XmlElement } from './support/xml-reader.js';

function stepOf({ root }: Picture, id: string): XmlElement {
  const found = withClass(root, 'step').find((step) => step.attributes.get('data-step') === id);
  if (found === undefined) throw new Error(`no step ${id}`);
  return found;
}

function border(picture: Picture, id: string): ReadonlyMap<string, string> {
  return withClass(stepOf(picture, id), 'box')[0]?.attributes ?? new Map();
}

function statusOf({ classes }: Picture, id: string): string | undefined {
  return classes
    .get(id)
    ?.find((name) => name.startsWith('status-'))
    ?.slice('status-'.length);
}

function legendOf({ root }: Picture): string[] {
  return withClass(root, 'legend-entry').map((entry) => shownTexts(entry).join(''));
}

function progress(picture: Picture, from: string, to: string): string {
  const found = picture.edges.find((edge) => edge.from === from && edge.to === to);
  return ['taken', 'idle', 'open'].find((name) => found?.classes.includes(name)) ?? 'none';
}

function draw(told: Parameters<typeof runOf>[1], more: Parameters<typeof runOf>[2] = {}): Picture {
  return readPicture(drawSvg(diamond, { view: runOf(diamond, told, more) }));
}

spec('graph: a run in the svg', (test) => {
  test('every status has a colour of its own, and the legend names just those that occur', () => {
    const sample = chain(stepStatuses.length);
    const told = Object.fromEntries(stepStatuses.map((status, i): [string, StepStatus] => [`s${i}`, status]));
    const picture = readPicture(drawSvg(sample, { view: runOf(sample, told) }));
    const looks = stepStatuses.map((status, i) => {
      assert.is(statusOf(picture, `s${i}`), status);
      const attributes = border(picture, `s${i}`);
      return `${attributes.get('stroke')} ${attributes.get('fill')} ${attributes.get('stroke-dasharray')}`;
    });
    assert.is(new Set(looks).size, stepStatuses.length);
    assert.equal(legendOf(picture), [...stepStatuses]);
    assert.equal(legendOf(draw({ ask: 'running' })), ['pending', 'running']);
  });

  test('colours are those people expect, and only skipped steps outside loops are dashed', () => {
    const sample = chain(stepStatuses.length);
    const told = Object.fromEntries(stepStatuses.map((status, i): [string, StepStatus] => [`s${i}`, status]));
    const picture = readPicture(drawSvg(sample, { view: runOf(sample, told) }));
    const stroke = (status: StepStatus): string | undefined =>
      border(picture, `s${stepStatuses.indexOf(status)}`).get('stroke');
    assert.equal(
      ['completed', 'failed', 'running', 'waiting', 'retrying'].map((status) => stroke(status as StepStatus)),
      ['#16a34a', '#dc2626', '#2563eb', '#d97706', '#ea580c'],
    );
    const dashed = stepStatuses.filter((_, i) => border(picture, `s${i}`).has('stroke-dasharray'));
    assert.equal(dashed, ['skipped']);
  });

  test('a segment alone has neither statuses nor a legend', () => {
    const picture = readPicture(drawSvg(diamond));
    assert.is(statusOf(picture, 'ask'), undefined);
    assert.equal(legendOf(picture), []);
    assert.is(progress(picture, 'ask', 'urgent'), 'none');
  });

  test('a step the run does not list is pending, one the segment does not have is left out', () => {
    const picture = draw({ ask: 'running', ghost: 'failed' });
    assert.is(statusOf(picture, 'log'), 'pending');
    assert.equal(legendOf(picture), ['pending', 'running']);
  });

  test('attempts are shown from the second on', () => {
    const picture = draw({ ask: { status: 'completed', attempt: 3 }, urgent: { status: 'completed', attempt: 1 } });
    assert.ok(shownTexts(stepOf(picture, 'ask')).includes('×3'));
    assert.not.ok(shownTexts(stepOf(picture, 'urgent')).some((text) => text.startsWith('×')));
  });

  test('the title line says how the run stands and how long it took', () => {
    const texts = (status: 'completed' | 'failed' | 'running', durationMs: number | null): string[] =>
      shownTexts(draw({}, { status, duration_ms: durationMs }).root);
    assert.ok(texts('completed', 3_240).includes('completed in 3.2 s'));
    assert.ok(texts('completed', 20).includes('completed in 20 ms'));
    assert.ok(texts('failed', 75_400).includes('failed after 1 min 15 s'));
    assert.ok(texts('failed', 59_980).includes('failed after 1 min 0 s'));
    assert.ok(texts('failed', 7_380_000).includes('failed after 2 h 3 min'));
    assert.ok(texts('running', null).includes('running'));
  });

  test("the run's error stands below the title", () => {
    const error = { error_type: 'E', error_code: 'HTTP_STATUS', error_message: 'answered 503', recoverable: true };
    assert.ok(shownTexts(draw({}, { status: 'failed', error }).root).includes('HTTP_STATUS: answered 503'));
  });

  test('why a step failed and what it waits for is in its title', () => {
    const error = { error_type: 'E', error_code: 'LLM_FAILED', error_message: 'overloaded', recoverable: true };
    const picture = draw({
      ask: { status: 'failed', error },
      urgent: { status: 'waiting', waiting_for: { kind: 'signal', name: 'approved', correlation: null } },
    });
    assert.match(titleOf(stepOf(picture, 'ask')), 'LLM_FAILED: overloaded');
    assert.match(titleOf(stepOf(picture, 'urgent')), 'waits for signal approved');
  });

  test('the way the run took stands out from the ways it did not', () => {
    const picture = draw({
      ask: 'completed',
      urgent: 'completed',
      page: 'skipped',
      draft: 'completed',
      log: 'running',
      alert: 'skipped',
    });
    assert.is(progress(picture, 'ask', 'urgent'), 'taken');
    assert.is(progress(picture, 'urgent', 'draft'), 'taken');
    assert.is(progress(picture, 'draft', 'log'), 'taken');
    assert.is(progress(picture, 'urgent', 'page'), 'idle');
    assert.is(progress(picture, 'page', 'log'), 'idle');
    assert.is(progress(picture, 'ask', 'alert'), 'idle');
  });

  test('an error edge is taken by a failed step only', () => {
    assert.is(progress(draw({ ask: 'failed', urgent: 'skipped', alert: 'running' }), 'ask', 'alert'), 'taken');
    assert.is(progress(draw({ ask: 'completed', alert: 'running' }), 'ask', 'alert'), 'idle');
  });

  test('an edge to a step not reached yet is open', () => {
    assert.is(progress(draw({ ask: 'completed', urgent: 'pending' }), 'ask', 'urgent'), 'open');
  });

  test('a step in a loop shows in how many open iterations it has which status', () => {
    const view = runOf(nestedLoops, {
      each: 'running',
      'each[0]/fetch': 'completed',
      'each[1]/fetch': 'completed',
      'each[2]/fetch': { status: 'running', attempt: 2 },
      'each[1]/again': 'running',
      'each[1]/again[4]/fix': 'failed',
    });
    const picture = readPicture(drawSvg(nestedLoops, { view }));
    const counts = withClass(stepOf(picture, 'fetch'), 'count').map(
      (count) => `${count.attributes.get('class')} ${shownTexts(count).join('')}`,
    );
    assert.equal(counts, ['count status-running 1', 'count status-completed 2']);
    assert.is(statusOf(picture, 'fetch'), 'running');
    assert.is(statusOf(picture, 'fix'), 'failed');
    assert.is(withClass(stepOf(picture, 'each'), 'count').length, 0);
    const open = withClass(picture.root, 'loop').map((loop) => shownTexts(loop).join(' '));
    assert.equal(open, ['each 3 open', 'again 1 open']);
  });

  test('a failed iteration is seen among a hundred that are not', () => {
    const told = Object.fromEntries(
      Array.from({ length: 100 }, (_, i): [string, StepStatus] => [`each[${i}]/fetch`, 'completed']),
    );
    const view = runOf(nestedLoops, { ...told, 'each[57]/fetch': 'failed' });
    assert.is(statusOf(readPicture(drawSvg(nestedLoops, { view })), 'fetch'), 'failed');
  });

  test('a step that failed in an iteration that is over is marked, with item and cause', () => {
    const error = {
      error_type: 'E',
      error_code: 'ITERATION_FAILED',
      error_message: 'an iteration failed',
      recoverable: false,
      details: {
        failed_step: 'each[3]/fetch',
        index: 3,
        cause: { error_code: 'HTTP_STATUS', error_message: 'answered 503' },
      },
    };
    const view = runOf(nestedLoops, { each: { status: 'failed', error } }, { status: 'failed', error });
    const picture = readPicture(drawSvg(nestedLoops, { view }));
    assert.is(statusOf(picture, 'fetch'), 'failed');
    assert.is(statusOf(picture, 'again'), 'over');
    assert.match(titleOf(stepOf(picture, 'fetch')), 'each[3]/fetch: HTTP_STATUS: answered 503');
  });

  test('of iterations that are over nothing is claimed', () => {
    const ended = runOf(nestedLoops, { list: 'completed', each: 'completed', report: 'completed', note: 'skipped' });
    const picture = readPicture(drawSvg(nestedLoops, { view: ended }));
    for (const id of ['fetch', 'again', 'fix', 'sum_up']) assert.is(statusOf(picture, id), 'over', id);
    assert.is(progress(picture, 'fetch', 'again'), 'open');
    assert.ok(legendOf(picture).includes('iterations over'));
  });

  test('the body of a loop that was skipped is skipped, of one that goes on pending', () => {
    const status = (each: StepStatus): string | undefined =>
      statusOf(readPicture(drawSvg(nestedLoops, { view: runOf(nestedLoops, { each }) })), 'fix');
    assert.is(status('skipped'), 'skipped');
    assert.is(status('running'), 'pending');
    assert.is(status('pending'), 'pending');
  });

  test('the same run gives the same bytes', () => {
    const view = runOf(diamond, { ask: 'completed', urgent: 'running' }, { duration_ms: 5 });
    assert.is(drawSvg(diamond, { view }), drawSvg(diamond, { view: structuredClone(view) }));
  });

  test('a sign tells statuses apart for those who do not see the colours', () => {
    const signs = (['completed', 'failed', 'running', 'waiting', 'skipped'] as const).map((status) => {
      const sample = segment({ a: 'x' });
      const step = stepOf(readPicture(drawSvg(sample, { view: runOf(sample, { a: status }) })), 'a');
      return descendants(step)
        .filter(({ name }) => name === 'path')
        .at(-1)
        ?.attributes.get('d');
    });
    assert.is(new Set(signs).size, 5);
  });
});
