/** Purpose: what coordinators, workers and the gateway log of a run of the mixed segment, one of each of the former being killed. */
import * as assert from 'uvu/assert';
import type { LogLine } from '../../services/support/service.js';
import { documentedLevels } from './documented-levels.js';
import { childEvents, mixedEvents } from './mixed-events.js';
import type { MixedScene } from './mixed-scene.js';
import { child, mixed } from './mixed-segment.js';

type Logs = MixedScene['logs'];

/** What the lines of a run have in common. */
interface Ids {
  readonly run_id: string;
  readonly tenant_id: string;
  readonly segment_id: string;
  readonly trace_id: string;
}

/** Lines about both runs. `childTrace`: the trace of the child run, which is one of its own. */
export function checkLogs({ runId, logs, asked }: MixedScene, callerTrace: string, childTrace: string): void {
  const ofMixed = { run_id: runId, tenant_id: 'acme', segment_id: 'mixed', trace_id: callerTrace };
  const childStart = [...logs.killed, ...logs.heir].find(({ parent_run_id }) => parent_run_id === runId);
  const ofChild = { ...ofMixed, run_id: String(childStart?.run_id), segment_id: 'child', trace_id: childTrace };
  const events = [...checkRun(logs, ofMixed, mixedEvents), ...checkRun(logs, ofChild, childEvents)];
  assert.is(
    logs.killed.filter(({ run_id }) => run_id === runId).at(-1)?.msg,
    'step waits',
    'the last line of the killed',
  );
  const tasks = events.filter(({ task_id }) => task_id !== undefined).map(({ msg, task_id }) => [msg, task_id]);
  const taskId = `${runId}:approve`;
  assert.equal(tasks, [
    ['human task opened', taskId],
    ['human task answered', taskId],
  ]);
  checkAttempts(logs.workers.flat(), events, [ofMixed, ofChild]);
  checkRequests(logs.gateway, asked, callerTrace);
}

/** Returns the lines, one for each event. */
function checkRun(logs: Logs, ids: Ids, expected: Readonly<Record<string, readonly string[]>>): readonly LogLine[] {
  const events = eventsOf(logs, ids.run_id);
  const told: Record<string, string[]> = {};
  for (const line of events) {
    checkFields(line, ids);
    const words = [line.msg, line.attempt, line.error_code, line.waiting_for].filter((word) => word !== undefined);
    const step = String(line.step ?? '');
    told[step] = [...(told[step] ?? []), words.join(' ')];
  }
  assert.equal(told, expected);
  assert.equal([events[0]?.msg, events.at(-1)?.msg], ['run started', 'run completed']);
  return events;
}

/** A coordinator logs an event once; what the heir logs once more is what the killed one logged last, and the same. */
function eventsOf({ killed, heir }: Logs, runId: string): readonly LogLine[] {
  const events = new Map<unknown, LogLine>();
  for (const log of [killed, heir]) {
    const lines = log.filter(({ run_id, seq }) => run_id === runId && seq !== undefined);
    const first = Number(lines[0]?.seq);
    assert.equal(
      lines.map(({ seq }) => seq),
      lines.map((_, place) => first + place),
      `one coordinator's lines of ${runId}`,
    );
    for (const line of lines) {
      assert.equal(withoutProcess(line), withoutProcess(events.get(line.seq) ?? line));
      events.set(line.seq, line);
    }
  }
  const lines = [...events.values()];
  assert.equal(
    lines.map(({ seq }) => seq),
    lines.map((_, place) => place + 1),
    `the lines of ${runId}`,
  );
  return lines;
}

function withoutProcess({ time, pid, coordinator_id, ...line }: LogLine): object {
  return line;
}

const levels = documentedLevels();
const typeOf = new Map([...mixed.steps, ...child.steps].map(({ step_id, type }) => [step_id, type]));

function checkFields(line: LogLine, ids: Ids): void {
  const { msg, level, step, step_id, step_type, scope, duration_ms } = line;
  const what = JSON.stringify(line);
  assert.is(level, levels.get(msg), what);
  assert.equal(idsOf(line), ids, what);
  if (/completed$|failed$/.test(msg)) assert.type(duration_ms, 'number', what);
  if (step === undefined) return;
  assert.is(step, scope === undefined ? step_id : `${scope}/${step_id}`, what);
  assert.is(step_type, typeOf.get(String(step_id)), what);
}

function idsOf({ run_id, tenant_id, segment_id, trace_id }: LogLine): object {
  return { run_id, tenant_id, segment_id, trace_id };
}

const endOfAttempt: Readonly<Record<string, string>> = {
  'step started': 'attempt started',
  'step completed': 'attempt completed',
  'step failed': 'attempt failed',
  'step is tried again': 'attempt failed',
};

/** Workers log each attempt that coordinators log, at the worker that these name, and no other. */
function checkAttempts(lines: readonly LogLine[], events: readonly LogLine[], runs: readonly Ids[]): void {
  const attempts = lines.filter(({ msg }) => msg.startsWith('attempt '));
  for (const line of attempts) {
    checkFields(line, runs.find(({ run_id }) => run_id === line.run_id) as Ids);
  }
  const words = (msg: unknown, { step, attempt, error_code = '' }: LogLine, worker: unknown): string =>
    `${step} ${attempt} ${msg} ${error_code}${msg === 'attempt started' ? worker : ''}`;
  const ofEvents = events.filter(({ attempt, msg }) => attempt !== undefined && msg in endOfAttempt);
  assert.equal(
    attempts.map((line) => words(line.msg, line, line.worker_id)).sort(),
    ofEvents.map((line) => words(endOfAttempt[line.msg], line, line.worker)).sort(),
  );
}

const changing: ReadonlySet<string> = new Set(['store_segment', 'start_run', 'answer_task']);

/** The gateway logs each request once, at `info` if it changes something. */
function checkRequests(lines: readonly LogLine[], asked: MixedScene['asked'], callerTrace: string): void {
  const ours = lines.filter(({ msg, tenant_id }) => msg === 'request completed' && tenant_id === 'acme');
  assert.equal(
    ours.map(({ request_id, level, operation, status }) => [request_id, level, operation, status]),
    asked.map(({ request_id, operation, status }) => {
      return [request_id, changing.has(operation) ? 'info' : 'debug', operation, status];
    }),
  );
  const started = ours.filter(({ operation }) => operation === 'start_run');
  assert.equal(
    started.map(({ trace_id }) => trace_id),
    [callerTrace],
  );
}
