import { once } from 'node:events';
import { caps, type JsonObject, LlmteamError, type RunEvent, type RunKey, type Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { type Handler, Partition, type Shared, withBackend } from '../run-loop/partition.js';
import { spec } from '../support/spec.js';

function oneStep(step: Partial<Segment['steps'][number]> = {}): Segment {
  return {
    segment_id: 'one',
    name: 'One',
    entrypoint: 'work',
    params: { timeout_seconds: null, max_retries: 0 },
    steps: [{ step_id: 'work', type: 'work', ...step }],
  };
}

async function withHandler(
  handler: Handler,
  work: (partition: Partition, shared: Shared) => Promise<void>,
): Promise<void> {
  await withBackend(async (shared) => {
    const partition = new Partition(shared, 'p', handler);
    await partition.takeOver();
    await partition.work();
    await work(partition, shared);
    await partition.stop();
  });
}

async function errorOf(handler: Handler, step: Partial<Segment['steps'][number]> = {}): Promise<string> {
  const found: string[] = [];
  await withHandler(handler, async (partition) => {
    const { error } = await partition.view(await partition.start(oneStep(step)));
    found.push(error === null ? 'none' : `${error.error_code}: ${error.error_message}`);
  });
  return found[0] ?? '';
}

/** Results that the types forbid but JavaScript handlers can still return. */
function giving(value: unknown): Handler {
  return async () => value as JsonObject;
}

spec('work loop', (test) => {
  test('what a handler gives that is not JSON fails the step and says where', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const cases: [unknown, RegExp][] = [
      [null, /must return an object/],
      ['text', /must return an object/],
      [[1], /must return an object/],
      [{ output: 1n }, /output is a bigint/],
      [{ output: { 'a b': () => 1 } }, /output\["a b"\] is a function/],
      [{ output: Number.NaN }, /output is NaN/],
      [{ output: new Date(0) }, /output is not a plain object/],
      [{ output: () => 1 }, /output is a function/],
      [{ output: cyclic }, /nested deeper/],
      [JSON.parse('{"output": {"__proto__": 1}}'), /__proto__/],
      [{ output: { deep: [{ bad: undefined }] } }, /output\.deep\[0\]\.bad is undefined/],
    ];
    for (const [value, message] of cases) {
      const error = await errorOf(giving(value));
      assert.match(error, 'STEP_RESULT_INVALID');
      assert.match(error, message);
    }
  });

  test('a port the handler leaves undefined is a port it does not fire', async () => {
    assert.is(await errorOf(giving({ output: 1, error: undefined })), 'none');
  });

  test('a handler that throws fails with the code it chose, or STEP_FAILED', async () => {
    const own = new LlmteamError('ACME_BUSY', 'come back later', { recoverable: true });
    assert.is(await errorOf(() => Promise.reject(own)), 'ACME_BUSY: come back later');
    assert.is(await errorOf(() => Promise.reject(new Error('boom'))), 'STEP_FAILED: boom');
    assert.is(await errorOf(() => Promise.reject('text')), 'STEP_FAILED: text');
    const synchronous: Handler = () => {
      throw new Error('at once');
    };
    assert.is(await errorOf(synchronous), 'STEP_FAILED: at once');
  });

  test('a value over the cap fails the step instead of the store', async () => {
    const texts = Array.from({ length: 10 }, () => 'x'.repeat(500_000));
    assert.match(await errorOf(giving({ output: texts })), /LIMIT_EXCEEDED.* bytes of JSON/);
  });

  test('a string over the cap fails the step, as it would be refused in an input', async () => {
    assert.is(await errorOf(giving({ output: 'x'.repeat(caps.json_string_bytes) })), 'none');
    for (const output of ['x'.repeat(caps.json_string_bytes + 1), ['é'.repeat(caps.json_string_bytes / 2 + 1)]]) {
      assert.match(await errorOf(giving({ output })), /LIMIT_EXCEEDED.*string of \d+ bytes/);
    }
    assert.match(await errorOf(giving({ output: { ['k'.repeat(600_000)]: 1 } })), 'LIMIT_EXCEEDED');
  });

  test('constructor and prototype are keys like any other in a result, and any name is a memo', async () => {
    const value = { constructor: { prototype: 1 }, prototype: 2 };
    await withHandler(giving({ output: value }), async (partition) => {
      const { output } = await partition.view(await partition.start(oneStep()));
      assert.is(JSON.stringify(output), JSON.stringify(value));
    });
    const remembering: Handler = async (context) => {
      const found: number[] = [];
      for (const name of ['__proto__', 'constructor', '__proto__', 'constructor']) {
        found.push(await context.memo(name, async () => found.length));
      }
      return { output: found };
    };
    await withHandler(remembering, async (partition) => {
      assert.equal((await partition.view(await partition.start(oneStep()))).output, [0, 1, 0, 1]);
    });
  });

  test('a value over the inline size comes back whole', () =>
    withHandler(giving({ output: ['é'.repeat(200_000), 'è'.repeat(200_000)] }), async (partition, { backend }) => {
      const run = await partition.start(oneStep());
      const view = await partition.view(run);
      assert.equal(view.output, ['é'.repeat(200_000), 'è'.repeat(200_000)]);
      const sizes: number[] = [];
      for await (const entry of backend.journal.read(run)) sizes.push(JSON.stringify(entry).length);
      assert.ok(
        sizes.every((size) => size < 10_000),
        `entries of ${sizes.join(', ')} characters`,
      );
    }));

  test('an attempt over its time-out is reported and its signal aborts', () =>
    withBackend(async (shared) => {
      const aborted: unknown[] = [];
      const handler: Handler = (context) =>
        new Promise(() => context.signal.addEventListener('abort', () => aborted.push(context.signal.reason)));
      const partition = new Partition(shared, 'p', handler);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(oneStep({ timeout_seconds: 2 }));
      await partition.settle();
      await shared.clock.advance(1_999);
      assert.is((await partition.view(run)).status, 'running');
      await shared.clock.advance(1);
      const view = await partition.view(run);
      assert.is(view.error?.error_code, 'STEP_TIMEOUT');
      assert.is((aborted[0] as LlmteamError).code, 'STEP_TIMEOUT');
      await partition.stop();
    }));

  test('a handler that responds to its time-out with STEP_TIMEOUT decides whether there is another attempt', () =>
    withBackend(async (shared) => {
      const thrown = [
        new Error('The operation was aborted'),
        new LlmteamError('STEP_TIMEOUT', 'no answer to what was sent', { recoverable: false }),
      ];
      const attempts: number[] = [];
      const handler: Handler = async (context) => {
        attempts.push(context.attempt);
        await once(context.signal, 'abort');
        throw thrown[context.attempt - 1];
      };
      const partition = new Partition(shared, 'p', handler);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(oneStep({ timeout_seconds: 2, retry: { max_attempts: 5 } }));
      await partition.settle();
      for (let second = 0; second < 10; second += 1) await shared.clock.advance(1_000);
      const { error } = await partition.view(run);
      assert.equal([error?.error_code, error?.error_message], ['STEP_TIMEOUT', 'no answer to what was sent']);
      assert.equal(attempts, [1, 2]);
      await partition.stop();
    }));

  test('a handler is told the time-out of its step', async () => {
    const told: unknown[] = [];
    const handler: Handler = async (context) => {
      told.push(context.timeout_seconds);
      return { output: 1 };
    };
    await errorOf(handler, { timeout_seconds: 7 });
    await errorOf(handler);
    assert.equal(told, [7, null]);
  });

  test('cancelling a run aborts the signals of its handlers, and what they give later changes nothing', () =>
    withBackend(async (shared) => {
      const late: (() => void)[] = [];
      const aborted: string[] = [];
      const handler: Handler = (context) =>
        new Promise((resolve) => {
          late.push(() => resolve({ output: 'late' }));
          context.signal.addEventListener('abort', () => aborted.push(context.step_id));
        });
      const partition = new Partition(shared, 'p', handler);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(oneStep());
      await partition.settle();
      await partition.runs.control(run, 'cancel', 'test');
      await partition.settle();
      assert.equal(aborted, ['work']);
      late[0]?.();
      const view = await partition.view(run);
      assert.is(view.status, 'cancelled');
      assert.is(view.output, null);
      await partition.stop();
    }));

  test('a memo is worked out once over all attempts of a step', () =>
    withBackend(async (shared) => {
      let paid = 0;
      const handler: Handler = async (context) => {
        const answer = await context.memo('answer', async () => {
          paid++;
          return 42;
        });
        if (context.attempt < 3) throw new Error('not yet');
        return { output: answer };
      };
      const partition = new Partition(shared, 'p', handler);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(oneStep({ retry: { max_attempts: 3, initial_interval_seconds: 1 } }));
      await partition.settle();
      await shared.clock.advance(10_000);
      assert.is((await partition.view(run)).output, 42);
      assert.is(paid, 1);
      await partition.stop();
    }));

  test('the idempotency key is the same for every attempt of a step occurrence', () =>
    withBackend(async (shared) => {
      const keys: string[] = [];
      const handler: Handler = async (context) => {
        keys.push(context.idempotency_key);
        if (context.attempt === 1) throw new Error('again');
        return { output: 1 };
      };
      const partition = new Partition(shared, 'p', handler);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(oneStep({ retry: { max_attempts: 2 } }));
      await partition.settle();
      await shared.clock.advance(10_000);
      assert.is((await partition.view(run)).status, 'completed');
      assert.equal(keys, [`${run.run_id}/work`, `${run.run_id}/work`]);
      await partition.stop();
    }));

  test('what a handler records becomes events, and what it used is added up', () =>
    withHandler(
      async (context) => {
        context.record({ event_type: 'action.completed', payload: { status: 200 }, duration_ms: 5 });
        context.addUsage({ input_tokens: 3, output_tokens: 4, cost_usd: 0.5 });
        context.addUsage({ input_tokens: 1, output_tokens: 1 });
        return { output: 1 };
      },
      async (partition) => {
        const run: RunKey = await partition.start(oneStep());
        const view = await partition.view(run);
        assert.equal(view.usage, { input_tokens: 4, output_tokens: 5, cost_usd: 0.5 });
        const events: readonly RunEvent[] = await partition.runs.events(run);
        const actions = events.filter((event) => event.event_type === 'action.completed');
        assert.equal(
          actions.map((event) => event.payload),
          [{ status: 200 }],
        );
      },
    ));

  test('an activity that is not in the catalog, or not JSON, fails the attempt', () =>
    withHandler(
      async (context, _config, input) => {
        const { activity } = input as unknown as { activity: string };
        const activities: Record<string, unknown> = {
          unknown: { event_type: 'nonsense', payload: {} },
          bare: { event_type: 'action.started' },
          binary: { event_type: 'action.started', payload: { size: 1n } },
        };
        context.record(activities[activity] as never);
        return { output: 1 };
      },
      async (partition) => {
        for (const activity of ['unknown', 'bare', 'binary']) {
          const run = await partition.start(oneStep(), { activity });
          const view = await partition.view(run);
          assert.is(view.error?.error_code, 'STEP_RESULT_INVALID', activity);
        }
      },
    ));

  test('stores keep values apart by tenant and instance, and only those configured can be used', () =>
    withHandler(
      async (context) => {
        await context.store('kept').set('colour', 'green');
        return { output: (await context.store('kept').get('colour')) ?? null };
      },
      async (partition, { backend }) => {
        assert.is((await partition.view(await partition.start(oneStep()))).output, 'green');
        const keys = (await backend.kv.list('stores/')).map(({ key }) => key);
        assert.equal(keys, ['stores/kept/acme/default/colour']);
      },
    ));

  test('a store, model, client or secret that is not configured is UNKNOWN_REF', async () => {
    for (const use of [
      (context: Parameters<Handler>[0]) => context.store('nope'),
      (context: Parameters<Handler>[0]) => context.llm('nope'),
      (context: Parameters<Handler>[0]) => context.client('nope'),
      (context: Parameters<Handler>[0]) => context.secret('nope'),
    ]) {
      const error = await errorOf(async (context) => {
        use(context);
        return {};
      });
      assert.match(error, 'UNKNOWN_REF');
    }
  });

  test('marked expressions of a config are evaluated where the handler runs, with what they refer to', () =>
    withHandler(
      async (context, config) => ({ output: Object.hasOwn(config, 'formula') ? context.evaluate('/formula') : 20 }),
      async (partition) => {
        const segment: Segment = {
          ...oneStep(),
          steps: [
            { step_id: 'work', type: 'work' },
            {
              step_id: 'sum',
              type: 'work',
              config: { formula: 'input + steps.work.output + size(run.id) - size(run.id)' },
            },
          ],
          edges: [{ from: 'work', to: 'sum' }],
        };
        assert.is((await partition.view(await partition.start(segment))).output, 40);
      },
    ));
});
