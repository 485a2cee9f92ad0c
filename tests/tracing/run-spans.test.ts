import { type Journal, type JsonObject, LlmteamError, type Segment } from '@llmteam/contracts';
import { CheckedJournal, LargeValueJournal, type SpanRecord } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { failingEcho, mixedRuns, release, startMixed } from '../run-loop/mixed-runs.js';
import { echo, Partition, type Shared, withBackend } from '../run-loop/partition.js';
import { approval, chain, parent, waiting } from '../run-loop/segments.js';
import { anyone } from '../support/actors.js';
import { spec } from '../support/spec.js';
import { CollectedSpans } from './support/collected-spans.js';

const calling: Segment = {
  segment_id: 'calling',
  name: 'Calling',
  entrypoint: 'agent',
  steps: [{ step_id: 'agent', type: 'calls', config: { batches: [['a'], ['b']] } }],
};
const dayMs = 86_400_000;
const longWaitMs = 600_000;

async function passTime({ clock }: Shared, partition: Partition, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1_000);
    await partition.settle();
  }
}

/** What is exported of one run of every kind, with a takeover after so many seconds by a process that knows nothing of the first. */
async function spansWithCrashAfter(seconds: number | null): Promise<CollectedSpans> {
  const collected = new CollectedSpans();
  await withBackend(async (shared) => {
    const options = { spanExport: collected, maxResidentRuns: 3, checkpointIntervalMs: 2_000 };
    const open = async (name: string): Promise<Partition> => {
      const partition = new Partition(shared, name, failingEcho(new Map()), options);
      await partition.takeOver();
      await partition.work();
      await partition.publish(chain);
      return partition;
    };
    const runs = mixedRuns('run', 1);
    const first = await open('first');
    await startMixed(first, runs);
    await passTime(shared, first, seconds ?? 5);
    if (seconds !== null) await first.crash();
    const last = seconds === null ? first : await open('second');
    await passTime(shared, last, 20);
    await release(last, runs);
    await passTime(shared, last, 70);
    assert.is(last.liveRuns(), 0);
    await last.stop();
  });
  return collected;
}

function assertWhole(spans: readonly SpanRecord[]): void {
  const known = new Set(spans.map(({ trace_id, span_id }) => `${trace_id}/${span_id}`));
  assert.is(known.size, spans.length, 'a span was exported twice');
  for (const { trace_id, parent_span_id, name, start_at, end_at } of spans) {
    assert.ok(start_at <= end_at, name);
    if (parent_span_id !== null)
      assert.ok(known.has(`${trace_id}/${parent_span_id}`), `the parent of ${name} is missing`);
  }
}

spec('spans of runs', (test) => {
  for (const seconds of [0, 1, 2, 4, 6, 9, 14]) {
    test(`a process that dies after ${seconds} s loses no span and doubles none`, async () => {
      const [whole, crashed] = [await spansWithCrashAfter(null), await spansWithCrashAfter(seconds)];
      assert.ok(whole.spans.length > 30);
      assertWhole(crashed.spans);
      assert.equal(crashed.ids(), whole.ids());
    });
  }

  test('a history that cannot be read to its end at first gives its spans once', () =>
    withBackend(async (shared) => {
      const collected = new CollectedSpans();
      const first = new Partition(shared, 'first', echo, { spanExport: collected });
      await first.takeOver();
      await first.work();
      const run = await first.start(workThenWait);
      await passTime(shared, first, 2);
      await first.stop();
      await forgetSpans(shared);
      const outage = { hasBeen: false };
      const sound = new CheckedJournal(new LargeValueJournal(shared.backend.journal, shared.backend.blobs));
      const journal = failingOnce(sound, outage);
      const second = new Partition(shared, 'second', echo, { spanExport: collected, journal });
      const takingOver = second.takeOver();
      await passTime(shared, second, 5);
      await takingOver;
      await second.work();
      await second.runs.signal(run, 'go', 'now');
      await passTime(shared, second, 5);
      assert.ok(outage.hasBeen);
      assertWhole(collected.spans);
      assert.equal(collected.spans.map(({ name }) => name).sort(), [
        'run work_wait',
        'step after',
        'step before',
        'step wait',
      ]);
      await second.stop();
    }));

  test('a run that waits for hours has a trace for each stretch, linked to the one before', () =>
    withPartition(approval, async ({ shared, partition, collected, run }) => {
      await shared.clock.advance(dayMs / 2);
      await partition.runs.answer('acme', `${run.run_id}:ask`, { decision: 'approve', answered_by: 'ann' }, anyone);
      await passTime(shared, partition, 3);
      assertWhole(collected.spans);
      const [before, after] = collected.named('run approval');
      assert.is.not(before?.trace_id, after?.trace_id);
      assert.is(before?.attributes['llmteam.outcome'], 'waiting');
      assert.is(after?.attributes['llmteam.outcome'], 'completed');
      assert.equal(after?.links, [{ trace_id: before?.trace_id, span_id: before?.span_id }]);
      const [asked, answered] = collected.named('step ask');
      assert.equal(
        asked?.notes.map(({ name }) => name),
        ['human.task_created', 'step.waiting'],
      );
      assert.equal(answered?.links, [{ trace_id: asked?.trace_id, span_id: asked?.span_id }]);
      assert.is(collected.named('step publish')[0]?.trace_id, after?.trace_id);
      for (const { start_at, end_at } of collected.spans) assert.ok(end_at - start_at <= longWaitMs);
    }));

  test('a wait that is not long is part of its span', () =>
    withPartition(waiting, async ({ shared, partition, collected, run }) => {
      await shared.clock.advance(longWaitMs - 5_000);
      await partition.runs.signal(run, 'go', 'now');
      await passTime(shared, partition, 3);
      const [whole, ...more] = collected.named('run waiting');
      assert.equal(more, []);
      assert.ok((whole?.end_at ?? 0) - (whole?.start_at ?? 0) >= longWaitMs - 5_000);
      const [wait] = collected.named('step wait');
      assert.is(wait?.parent_span_id, whole?.span_id);
    }));

  test('a job of a control step is a span within that of the step', () =>
    withPartition(calling, async ({ collected, run }) => {
      assertWhole(collected.spans);
      const [agent] = collected.named('step agent');
      const jobs = collected.named('step ask');
      assert.equal(
        jobs.map(({ parent_span_id, attributes }) => [parent_span_id, attributes['llmteam.step']]),
        [0, 1].map((index) => [agent?.span_id, `agent[${index}]/ask`]),
      );
      assert.is(agent?.attributes['llmteam.run_id'], run.run_id);
    }));

  test('a day in the queue is told by an attribute, not by a span', () =>
    withPartition(
      chain,
      async ({ shared, partition, collected }) => {
        await shared.clock.advance(dayMs);
        await partition.work();
        await passTime(shared, partition, 3);
        assertWhole(collected.spans);
        const [one] = collected.named('step one');
        assert.ok(Number(one?.attributes['llmteam.queue_ms']) >= dayMs);
        for (const { start_at, end_at } of collected.spans) assert.ok(end_at - start_at <= longWaitMs);
      },
      { works: false, timeout_seconds: null },
    ));

  test('a pause is told by the span of the run; a long one ends the stretch', () =>
    withPartition(waiting, async ({ shared, partition, collected, run }) => {
      await partition.runs.control(run, 'pause', 'ann');
      await shared.clock.advance(dayMs);
      await partition.runs.control(run, 'resume', 'bob');
      await partition.runs.signal(run, 'go', 'now');
      await passTime(shared, partition, 3);
      const told = collected.named('run waiting').map(({ notes }) => notes.map(({ name }) => name));
      assert.equal(told, [['segment.paused'], ['segment.resumed']]);
    }));

  test('a child run has a trace of its own, linked both ways', () =>
    withPartition(parent, async ({ shared, partition, collected }) => {
      await passTime(shared, partition, 3);
      assertWhole(collected.spans);
      const [starting] = collected.named('step child');
      const [started] = collected.named('run chain');
      assert.is.not(starting?.trace_id, started?.trace_id);
      assert.equal(starting?.links, [{ trace_id: started?.trace_id, span_id: started?.span_id }]);
      assert.equal(started?.links, [{ trace_id: starting?.trace_id, span_id: starting?.span_id }]);
    }));

  test('a fork has a trace of its own, without what was done before it', () =>
    withPartition(chain, async ({ shared, partition, collected, run }) => {
      await passTime(shared, partition, 3);
      const done = collected.spans.length;
      const fork = await partition.runs.fork(run, { from_step: 'two' });
      await passTime(shared, partition, 3);
      const forked = collected.spans.slice(done);
      assert.equal(forked.map(({ name }) => name).sort(), ['run chain', 'step two']);
      for (const { attributes } of forked) assert.is(attributes['llmteam.run_id'], fork.run_id);
      const [original] = collected.named('run chain');
      const link = { trace_id: original?.trace_id, span_id: original?.span_id };
      assert.equal(forked.find(({ name }) => name === 'run chain')?.links, [link]);
    }));

  test('a receiver that fails loses nothing that fits, and is asked less and less often', () =>
    withPartition(
      chain,
      async ({ shared, partition, collected }) => {
        await passTime(shared, partition, 60);
        assert.equal(collected.spans, []);
        assert.ok(collected.exports < 25, `${collected.exports} exports`);
        collected.failure = null;
        await passTime(shared, partition, 60);
        assert.is(collected.spans.length, 3);
        assert.is(collected.droppedCount, 0);
      },
      { failure: new Error('down') },
    ));

  test('what does not fit is dropped and counted', () =>
    withPartition(
      wide,
      async ({ shared, partition, collected }) => {
        for (let count = 1; count < 50; count++) await partition.start(wide);
        await passTime(shared, partition, 10);
        assert.is(partition.liveRuns(), 0);
        collected.failure = null;
        await passTime(shared, partition, 60);
        assert.is(collected.spans.length, 8_192);
        assert.is(collected.droppedCount, 50 * 202 - 8_192);
      },
      { failure: new Error('down') },
    ));
});

/** A job, a signal, another job. */
const workThenWait: Segment = {
  ...waiting,
  segment_id: 'work_wait',
  entrypoint: 'before',
  steps: [{ step_id: 'before', type: 'work' }, ...waiting.steps],
  edges: [{ from: 'before', to: 'wait' }, ...(waiting.edges ?? [])],
};

/** As if the snapshots had been written by a process that traces nothing. */
async function forgetSpans({ backend: { kv } }: Shared): Promise<void> {
  const kept = await kv.list('snapshots/0/');
  assert.is(kept.length, 1);
  for (const { key, value } of kept) {
    const { spans, ...rest } = value as JsonObject;
    assert.ok(spans);
    await kv.put(key, rest);
  }
}

/** The first history that is read ends in an outage after its first entry, which `outage` then says. */
function failingOnce(journal: Journal, outage: { hasBeen: boolean }): Journal {
  return Object.assign(Object.create(journal) as Journal, {
    async *read(...args: Parameters<Journal['read']>) {
      let count = 0;
      for await (const entry of journal.read(...args)) {
        if (!outage.hasBeen && ++count > 1) {
          outage.hasBeen = true;
          throw new LlmteamError('BACKEND_UNREACHABLE', 'an outage');
        }
        yield entry;
      }
    },
  });
}

/** 200 jobs in a map. */
const wide: Segment = {
  segment_id: 'wide',
  name: 'Wide',
  entrypoint: 'each',
  params: { max_parallel: 200 },
  steps: [
    { step_id: 'each', type: 'map', config: { items: `[${'0, '.repeat(199)}0]`, concurrency: 200 } },
    { step_id: 'work', type: 'work', config: {} },
  ],
  edges: [
    { from: 'each', from_port: 'body', to: 'work' },
    { from: 'work', to: 'each', to_port: 'next' },
  ],
};

interface Traced {
  readonly shared: Shared;
  readonly partition: Partition;
  readonly collected: CollectedSpans;
  readonly run: { readonly tenant_id: string; readonly run_id: string };
}

interface Circumstances {
  /** Whether there is a worker. Default: yes. */
  readonly works?: boolean;
  /** What exports fail with from the start. */
  readonly failure?: Error;
  readonly timeout_seconds?: null;
}

/** A run of the segment that has begun. */
async function withPartition(
  segment: Segment,
  use: (traced: Traced) => Promise<void>,
  { works = true, failure, timeout_seconds }: Circumstances = {},
): Promise<void> {
  await withBackend(async (shared) => {
    const collected = new CollectedSpans();
    collected.failure = failure ?? null;
    const partition = new Partition(shared, 'p', echo, { spanExport: collected });
    await partition.takeOver();
    if (works) await partition.work();
    await partition.publish(chain);
    const started = timeout_seconds === undefined ? segment : { ...segment, params: { timeout_seconds } };
    const run = await partition.start(started);
    await passTime(shared, partition, 2);
    await use({ shared, partition, collected, run });
    assert.equal(partition.failures, []);
    await partition.stop();
  });
}
