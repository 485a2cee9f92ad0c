import type { EventType, Logger, LogLevel, RunEvent, Segment } from '@llmteam/contracts';
import { eventLines, evolve, startRun } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { planOf, report, requestOf, runKey } from '../engine/support/engine.js';
import { spec } from '../support/spec.js';
import { echo, type Handler, Partition, type Shared, withBackend } from './partition.js';
import { chain, waiting } from './segments.js';

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly [field: string]: unknown;
}

interface LogAt extends Logger {
  readonly lines: Line[];
  level: LogLevel;
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

function logAt(level: LogLevel): LogAt {
  const lines: Line[] = [];
  const write =
    (at: LogLevel) =>
    (fields: object, message = ''): void =>
      void lines.push({ ...fields, level: at, message });
  const log: LogAt = {
    lines,
    level,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
    isLevelEnabled: (asked) => levels.indexOf(asked) >= levels.indexOf(log.level),
  };
  return log;
}

const failing: Segment = { ...chain, segment_id: 'failing', params: { max_retries: 0 } };

const fragile: Handler = (context, config, input) => {
  if (input === 'break') throw new Error('what nobody may read in a log');
  return echo(context, config, input);
};

async function open(shared: Shared, name: string, eventLog: Logger): Promise<Partition> {
  const partition = new Partition(shared, name, fragile, { eventLog });
  await partition.takeOver();
  await partition.work();
  return partition;
}

const told = ({ lines }: LogAt): string[] =>
  lines.map(({ level, message, step }) => `${level} ${message} ${step ?? ''}`.trim());

spec('the log of runs', (test) => {
  test('tells each event with the ids that it is looked for by, at the level of its type', () =>
    withBackend(async (shared) => {
      const log = logAt('debug');
      const partition = await open(shared, 'a', log);
      const run = await partition.start(chain);
      await partition.view(run);
      const lines = log.lines.filter(({ run_id }) => run_id === run.run_id);
      assert.equal(
        lines.map(({ seq }) => seq),
        lines.map((_, place) => place + 1),
      );
      const [first, queued] = lines;
      assert.equal([first?.level, first?.message], ['info', 'run started']);
      assert.equal([queued?.level, queued?.message], ['debug', 'step queued']);
      const { tenant_id, segment_id, step_id, step, attempt, trace_id } = queued as Line;
      assert.equal(
        { tenant_id, segment_id, step_id, step, attempt },
        {
          tenant_id: 'acme',
          segment_id: chain.segment_id,
          step_id: chain.entrypoint,
          step: chain.entrypoint,
          attempt: 1,
        },
      );
      assert.match(String(trace_id), /^[0-9a-f]{32}$/);
      assert.ok(
        lines.some(({ message, duration_ms }) => message === 'step completed' && typeof duration_ms === 'number'),
      );
      await partition.stop();
    }));

  test('tells at `info` what begins, ends and fails, with the code and no message, and follows a change of the level', () =>
    withBackend(async (shared) => {
      const log = logAt('info');
      const partition = await open(shared, 'a', log);
      await partition.view(await partition.start(chain));
      assert.equal(told(log), ['info run started', 'info run completed']);
      await partition.view(await partition.start(failing, 'break'));
      const failure = log.lines.find(({ message }) => message === 'step failed');
      assert.is(typeof failure?.error_code, 'string');
      assert.not.ok(JSON.stringify(log.lines).includes('nobody may read'));
      assert.is(log.lines.at(-1)?.message, 'run failed');
      log.level = 'error';
      const count = log.lines.length;
      await partition.view(await partition.start(failing, 'break'));
      assert.is(log.lines.length, count);
      log.level = 'debug';
      await partition.view(await partition.start(chain));
      assert.ok(log.lines.some(({ message }) => message === 'step queued'));
      await partition.stop();
    }));

  test('is not written again by a successor: not what a checkpoint covers, and without one only the last minute', () =>
    withBackend(async (shared) => {
      const first = await open(shared, 'a', logAt('info'));
      const run = await first.start(waiting);
      await first.view(run);
      await first.stop();

      const log = logAt('info');
      const second = await open(shared, 'b', log);
      await second.settle();
      assert.equal(told(log), []);
      await second.runs.signal(run, 'go', 1);
      await second.view(run);
      assert.equal(told(log), ['info run completed']);
      await second.crash();
      for (const { key } of await shared.backend.kv.list('')) {
        if (key.startsWith('checkpoints/') || key.startsWith('snapshots/')) await shared.backend.kv.delete(key);
      }

      const soon = logAt('info');
      await (await open(shared, 'c', soon)).crash();
      assert.equal(told(soon), ['info run started', 'info run completed']);
      await shared.clock.advance(61_000);
      const late = logAt('info');
      await (await open(shared, 'd', late)).crash();
      assert.equal(told(late), []);
    }));

  test('costs the engine nothing that is not written: it builds the types that are asked for, and numbers all', () => {
    const plan = planOf(chain);
    const eventsWith = (events: boolean | ReadonlySet<EventType>): RunEvent[] => {
      const { run, outcome } = startRun(plan, runKey, requestOf(chain), { events });
      return [...outcome.events, ...evolve(run, report(chain.entrypoint), { events }).events];
    };
    const all = eventsWith(true);
    const wanted: ReadonlySet<EventType> = new Set(['segment.started', 'step.completed']);
    assert.ok(all.length > 4);
    assert.equal(
      eventsWith(wanted),
      all.filter(({ event_type }) => wanted.has(event_type)),
    );
    assert.equal(eventsWith(new Set<EventType>()), []);
    // What every step of every run has is not built at the default level.
    for (const type of ['step.queued', 'step.started', 'step.completed'] as const)
      assert.is(eventLines[type].level, 'debug');
  });
});
