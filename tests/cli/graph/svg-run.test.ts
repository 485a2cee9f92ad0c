import { type StepStatus, step_statuses } from '@llmteam/contracts';
import { draw_svg } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { type Picture, read_picture, shown_texts, title_of } from './support/picture.js';
import { chain, diamond, nested_loops, run_of, segment } from './support/segments.js';
import { descendants, with_class, type XmlElement } from './support/xml-reader.js';

function step_of({ root }: Picture, id: string): XmlElement {
  const found = with_class(root, 'step').find((step) => step.attributes.get('data-step') === id);
  if (found === undefined) throw new Error(`no step ${id}`);
  return found;
}

function border(picture: Picture, id: string): ReadonlyMap<string, string> {
  return with_class(step_of(picture, id), 'box')[0]?.attributes ?? new Map();
}

function status_of({ classes }: Picture, id: string): string | undefined {
  return classes
    .get(id)
    ?.find((name) => name.startsWith('status-'))
    ?.slice('status-'.length);
}

function legend_of({ root }: Picture): string[] {
  return with_class(root, 'legend-entry').map((entry) => shown_texts(entry).join(''));
}

function progress(picture: Picture, from: string, to: string): string {
  const found = picture.edges.find((edge) => edge.from === from && edge.to === to);
  return ['taken', 'idle', 'open'].find((name) => found?.classes.includes(name)) ?? 'none';
}

function draw(told: Parameters<typeof run_of>[1], more: Parameters<typeof run_of>[2] = {}): Picture {
  return read_picture(draw_svg(diamond, { view: run_of(diamond, told, more) }));
}

spec('graph: a run in the svg', (test) => {
  test('every status has a colour of its own, and the legend names just those that occur', () => {
    const sample = chain(step_statuses.length);
    const told = Object.fromEntries(step_statuses.map((status, i): [string, StepStatus] => [`s${i}`, status]));
    const picture = read_picture(draw_svg(sample, { view: run_of(sample, told) }));
    const looks = step_statuses.map((status, i) => {
      assert.is(status_of(picture, `s${i}`), status);
      const attributes = border(picture, `s${i}`);
      return `${attributes.get('stroke')} ${attributes.get('fill')} ${attributes.get('stroke-dasharray')}`;
    });
    assert.is(new Set(looks).size, step_statuses.length);
    assert.equal(legend_of(picture), [...step_statuses]);
    assert.equal(legend_of(draw({ ask: 'running' })), ['pending', 'running']);
  });

  test('colours are those people expect, and only skipped steps outside loops are dashed', () => {
    const sample = chain(step_statuses.length);
    const told = Object.fromEntries(step_statuses.map((status, i): [string, StepStatus] => [`s${i}`, status]));
    const picture = read_picture(draw_svg(sample, { view: run_of(sample, told) }));
    const stroke = (status: StepStatus): string | undefined =>
      border(picture, `s${step_statuses.indexOf(status)}`).get('stroke');
    assert.equal(
      ['completed', 'failed', 'running', 'waiting', 'retrying'].map((status) => stroke(status as StepStatus)),
      ['#16a34a', '#dc2626', '#2563eb', '#d97706', '#ea580c'],
    );
    const dashed = step_statuses.filter((_, i) => border(picture, `s${i}`).has('stroke-dasharray'));
    assert.equal(dashed, ['skipped']);
  });

  test('a segment alone has neither statuses nor a legend', () => {
    const picture = read_picture(draw_svg(diamond));
    assert.is(status_of(picture, 'ask'), undefined);
    assert.equal(legend_of(picture), []);
    assert.is(progress(picture, 'ask', 'urgent'), 'none');
  });

  test('a step the run does not list is pending, one the segment does not have is left out', () => {
    const picture = draw({ ask: 'running', ghost: 'failed' });
    assert.is(status_of(picture, 'log'), 'pending');
    assert.equal(legend_of(picture), ['pending', 'running']);
  });

  test('attempts are shown from the second on', () => {
    const picture = draw({ ask: { status: 'completed', attempt: 3 }, urgent: { status: 'completed', attempt: 1 } });
    assert.ok(shown_texts(step_of(picture, 'ask')).includes('×3'));
    assert.not.ok(shown_texts(step_of(picture, 'urgent')).some((text) => text.startsWith('×')));
  });

  test('the title line says how the run stands and how long it took', () => {
    const texts = (status: 'completed' | 'failed' | 'running', duration_ms: number | null): string[] =>
      shown_texts(draw({}, { status, duration_ms }).root);
    assert.ok(texts('completed', 3_240).includes('completed in 3.2 s'));
    assert.ok(texts('completed', 20).includes('completed in 20 ms'));
    assert.ok(texts('failed', 75_400).includes('failed after 1 min 15 s'));
    assert.ok(texts('failed', 59_980).includes('failed after 1 min 0 s'));
    assert.ok(texts('failed', 7_380_000).includes('failed after 2 h 3 min'));
    assert.ok(texts('running', null).includes('running'));
  });

  test("the run's error stands below the title", () => {
    const error = { error_type: 'E', error_code: 'HTTP_STATUS', error_message: 'answered 503', recoverable: true };
    assert.ok(shown_texts(draw({}, { status: 'failed', error }).root).includes('HTTP_STATUS: answered 503'));
  });

  test('why a step failed and what it waits for is in its title', () => {
    const error = { error_type: 'E', error_code: 'LLM_FAILED', error_message: 'overloaded', recoverable: true };
    const picture = draw({ ask: { status: 'failed', error }, urgent: { status: 'waiting', waiting_for: 'an answer' } });
    assert.match(title_of(step_of(picture, 'ask')), 'LLM_FAILED: overloaded');
    assert.match(title_of(step_of(picture, 'urgent')), 'waits for an answer');
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
    const view = run_of(nested_loops, {
      each: 'running',
      'each[0]/fetch': 'completed',
      'each[1]/fetch': 'completed',
      'each[2]/fetch': { status: 'running', attempt: 2 },
      'each[1]/again': 'running',
      'each[1]/again[4]/fix': 'failed',
    });
    const picture = read_picture(draw_svg(nested_loops, { view }));
    const counts = with_class(step_of(picture, 'fetch'), 'count').map(
      (count) => `${count.attributes.get('class')} ${shown_texts(count).join('')}`,
    );
    assert.equal(counts, ['count status-running 1', 'count status-completed 2']);
    assert.is(status_of(picture, 'fetch'), 'running');
    assert.is(status_of(picture, 'fix'), 'failed');
    assert.is(with_class(step_of(picture, 'each'), 'count').length, 0);
    const open = with_class(picture.root, 'loop').map((loop) => shown_texts(loop).join(' '));
    assert.equal(open, ['each 3 open', 'again 1 open']);
  });

  test('a failed iteration is seen among a hundred that are not', () => {
    const told = Object.fromEntries(
      Array.from({ length: 100 }, (_, i): [string, StepStatus] => [`each[${i}]/fetch`, 'completed']),
    );
    const view = run_of(nested_loops, { ...told, 'each[57]/fetch': 'failed' });
    assert.is(status_of(read_picture(draw_svg(nested_loops, { view })), 'fetch'), 'failed');
  });

  test('of iterations that are over nothing is claimed', () => {
    const ended = run_of(nested_loops, { list: 'completed', each: 'completed', report: 'completed', note: 'skipped' });
    const picture = read_picture(draw_svg(nested_loops, { view: ended }));
    for (const id of ['fetch', 'again', 'fix', 'sum_up']) assert.is(status_of(picture, id), 'over', id);
    assert.is(progress(picture, 'fetch', 'again'), 'open');
    assert.ok(legend_of(picture).includes('iterations over'));
  });

  test('the body of a loop that was skipped is skipped, of one that goes on pending', () => {
    const status = (each: StepStatus): string | undefined =>
      status_of(read_picture(draw_svg(nested_loops, { view: run_of(nested_loops, { each }) })), 'fix');
    assert.is(status('skipped'), 'skipped');
    assert.is(status('running'), 'pending');
    assert.is(status('pending'), 'pending');
  });

  test('the same run gives the same bytes', () => {
    const view = run_of(diamond, { ask: 'completed', urgent: 'running' }, { duration_ms: 5 });
    assert.is(draw_svg(diamond, { view }), draw_svg(diamond, { view: structuredClone(view) }));
  });

  test('a sign tells statuses apart for those who do not see the colours', () => {
    const signs = (['completed', 'failed', 'running', 'waiting', 'skipped'] as const).map((status) => {
      const sample = segment({ a: 'x' });
      const step = step_of(read_picture(draw_svg(sample, { view: run_of(sample, { a: status }) })), 'a');
      return descendants(step)
        .filter(({ name }) => name === 'path')
        .at(-1)
        ?.attributes.get('d');
    });
    assert.is(new Set(signs).size, 5);
  });
});
