/**
 * Purpose: a run's progress as lines of a terminal. Pure: the same progress, time and size give the same lines.
 * Owns: what to leave out when there are more steps than lines: those that are done, then those to come.
 */
import type { Usage } from '@llmteam/contracts';
import { type Colours, status_colour } from '../colours.js';
import { shown_duration } from '../durations.js';
import { answer_commands, resume_command } from '../own-commands.js';
import { plain_text, shortened } from '../plain-text.js';
import type { Settings } from '../settings.js';
import type { Glyphs } from './glyphs.js';
import type { RunProgress, StepProgress } from './progress.js';

const longest_writing = 60;
const shortest_writing = 12;

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Counts up with every picture. */
  readonly tick: number;
  readonly colours: Colours;
  readonly glyphs: Glyphs;
  readonly settings: Settings;
}

export function draw_frame(progress: RunProgress, screen: Screen): string {
  const head = head_line(progress, screen);
  const foot = [...task_lines(progress, screen), ...end_lines(progress, screen)];
  const room = Math.max(3, screen.rows - foot.length - 2);
  return [head, ...step_lines(progress, room, screen), ...foot].join('\n');
}

function head_line({ segment, run: { run_id }, status }: RunProgress, { colours, columns }: Screen): string {
  const name = shortened(plain_text(segment.name), Math.max(10, columns - run_id.length - 7));
  const paused = status === 'paused' ? `  ${colours.yellow('paused')}` : '';
  return `${colours.bold(name)}  ${colours.dim(`run ${run_id}`)}${paused}`;
}

function step_lines(progress: RunProgress, room: number, screen: Screen): string[] {
  const steps = [...progress.steps.values()];
  const { shown, done, to_come } = chosen(steps, room);
  const id_width = Math.min(32, Math.max(...shown.map(({ step_id, depth }) => step_id.length + 2 * depth), 4));
  const type_width = Math.min(18, Math.max(...shown.map(({ type }) => type.length), 4));
  const lines = shown.map((step) => step_line(step, { id_width, type_width }, screen));
  const { colours, glyphs } = screen;
  if (done > 0) lines.unshift(`  ${colours.green(glyphs.statuses.completed)} ${colours.dim(`${done} steps done`)}`);
  if (to_come > 0) lines.push(`  ${colours.dim(`${glyphs.statuses.pending} ${to_come} steps to come`)}`);
  return lines;
}

/** What is under way matters most, then what failed, what was done last, and what comes next. */
function chosen(steps: readonly StepProgress[], room: number) {
  if (steps.length <= room) return { shown: steps, done: 0, to_come: 0 };
  const ranked = steps.map((step, place) => ({ step, place, rank: rank_of(step) }));
  const latest = (step: StepProgress): number => (step.began_at ?? 0) + (step.duration_ms ?? 0);
  ranked.sort((a, b) => a.rank - b.rank || (a.rank === 2 ? latest(b.step) - latest(a.step) : a.place - b.place));
  const kept = ranked.slice(0, Math.max(1, room - 2)).sort((a, b) => a.place - b.place);
  const left_out = ranked.slice(Math.max(1, room - 2));
  const to_come = left_out.filter(({ step }) => step.status === 'pending').length;
  return { shown: kept.map(({ step }) => step), done: left_out.length - to_come, to_come };
}

function rank_of({ status }: StepProgress): number {
  switch (status) {
    case 'running':
    case 'queued':
    case 'waiting':
    case 'retrying':
      return 0;
    case 'failed':
      return 1;
    case 'pending':
      return 3;
    default:
      return 2;
  }
}

function step_line(step: StepProgress, widths: { id_width: number; type_width: number }, screen: Screen): string {
  const { colours, columns } = screen;
  const id = shortened(`${'  '.repeat(step.depth)}${step.step_id}`, widths.id_width).padEnd(widths.id_width);
  const type = shortened(step.type, widths.type_width).padEnd(widths.type_width);
  const time = time_of(step, screen).padStart(7);
  const rest = details_of(step, Math.max(0, columns - widths.id_width - widths.type_width - 18), screen);
  const is_quiet = step.status === 'pending' || step.status === 'skipped';
  const tint = step.status === 'failed' ? colours.red : colours.dim;
  const line = `  ${mark_of(step, screen)} ${is_quiet ? colours.dim(id) : id}  ${colours.dim(type)} ${time}  ${tint(rest)}`;
  return line.trimEnd();
}

function mark_of({ status }: StepProgress, { glyphs, tick, colours }: Screen): string {
  const is_busy = status === 'running' || status === 'queued';
  const mark = is_busy ? (glyphs.spinner[tick % glyphs.spinner.length] ?? '') : glyphs.statuses[status];
  return status_colour(status, colours)(mark);
}

function time_of({ status, began_at, duration_ms, open, completed }: StepProgress, { now }: Screen): string {
  if (status === 'pending' || status === 'skipped') return '';
  if (open.size > 0 && began_at !== null) return shown_duration(Math.max(0, now - began_at));
  return duration_ms === null || completed > 1 ? '' : shown_duration(duration_ms);
}

/** As much as fits; of what a model is writing, the end. */
function details_of(step: StepProgress, room: number, { glyphs }: Screen): string {
  const { depth, completed, failed, open, attempt, input_tokens, output_tokens, remark, status } = step;
  const parts = [
    depth > 0 && completed > 0 ? `${completed} done` : '',
    depth > 0 && failed > 0 ? `${failed} failed` : '',
    open.size > 1 ? `${open.size} at once` : '',
    attempt > 1 ? `attempt ${attempt}` : '',
    input_tokens + output_tokens > 0 ? `${input_tokens} → ${output_tokens} tokens` : '',
    remark === null || remark === '' ? '' : remark_of(status, remark),
  ];
  const separator = ` ${glyphs.dot} `;
  const facts = shortened(parts.filter((part) => part !== '').join(separator), room);
  const left = room - [...facts].length - (facts === '' ? 0 : separator.length);
  const text = end_of(plain_text(step.writing).trim(), Math.min(longest_writing, left));
  return [facts, text].filter((part) => part !== '').join(separator);
}

function end_of(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  return length < shortest_writing ? '' : `…${characters.slice(1 - length).join('')}`;
}

function remark_of(status: string, remark: string): string {
  const text = plain_text(remark);
  if (status === 'retrying') return `again soon after ${text}`;
  if (status !== 'waiting') return text;
  if (text.startsWith('timer')) return 'waits';
  return text.startsWith('task') ? 'waits for an answer' : `waits for ${text}`;
}

function task_lines({ tasks, status }: RunProgress, { colours, settings }: Screen): string[] {
  if (status !== 'running' && status !== 'paused') return [];
  return [...tasks.values()]
    .slice(0, 3)
    .flatMap((task) => [
      '',
      `  ${colours.yellow('?')} ${colours.bold(plain_text(task.request.title))}`,
      ...answer_commands(task, settings).map((command) => `    ${colours.cyan(command)}`),
    ]);
}

function end_lines(progress: RunProgress, { colours, glyphs, settings }: Screen): string[] {
  const { status, error, duration_ms, usage, steps, run } = progress;
  if (status === 'paused')
    return ['', `  ${colours.yellow('paused')}; go on with ${colours.cyan(resume_command(settings, run))}`];
  if (status === 'running' || status === 'pending') return [];
  const mark = status === 'completed' ? glyphs.statuses.completed : glyphs.statuses.failed;
  const word = status === 'timeout' ? 'timed out' : status;
  const completed = [...steps.values()].reduce((sum, step) => sum + step.completed, 0);
  const facts = [
    duration_ms === null ? '' : `in ${shown_duration(duration_ms)}`,
    `${completed} step${completed === 1 ? '' : 's'} completed`,
    tokens_of(usage),
  ];
  const colour = status_colour(status, colours);
  const summary = `${colour(`${mark} ${word}`)} ${facts.filter((fact) => fact !== '').join(', ')}`;
  return error === null ? [summary] : [summary, `  ${colour(plain_text(error))}`];
}

function tokens_of({ input_tokens, output_tokens, cost_usd }: Usage): string {
  if (input_tokens + output_tokens === 0) return '';
  const cost = cost_usd === undefined ? '' : `, $${cost_usd.toFixed(4)}`;
  return `${input_tokens} → ${output_tokens} tokens${cost}`;
}
