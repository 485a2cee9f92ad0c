/**
 * Purpose: renders a run's progress as terminal lines. Pure: the same progress, time and size give the same lines.
 * Owns: which steps to omit when there are more steps than lines: finished ones and pending ones.
 */
import type { Usage } from '@llmteam/contracts';
import stringWidth from 'string-width';
import { type Colours, statusColour } from '../colours.js';
import { shownDuration } from '../durations.js';
import { answerCommands, resumeCommand } from '../own-commands.js';
import { plainText } from '../plain-text.js';
import type { Settings } from '../settings.js';
import { padded, shortened, shortenedAtStart } from '../text-width.js';
import type { Glyphs } from './glyphs.js';
import type { RunProgress, StepProgress } from './progress.js';

const maxWritingColumns = 60;
const minWritingColumns = 12;

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Incremented with every frame. */
  readonly tick: number;
  readonly colours: Colours;
  readonly glyphs: Glyphs;
  readonly settings: Settings;
}

export function drawFrame(progress: RunProgress, screen: Screen): string {
  const head = headLine(progress, screen);
  const foot = [...taskLines(progress, screen), ...endLines(progress, screen)];
  const room = Math.max(3, screen.rows - foot.length - 2);
  return [head, ...stepLines(progress, room, screen), ...foot].join('\n');
}

function headLine({ segment, run: { run_id }, status }: RunProgress, { colours, columns }: Screen): string {
  const name = shortened(plainText(segment.name), Math.max(10, columns - run_id.length - 7));
  const paused = status === 'paused' ? `  ${colours.yellow('paused')}` : '';
  return `${colours.bold(name)}  ${colours.dim(`run ${run_id}`)}${paused}`;
}

function stepLines(progress: RunProgress, room: number, screen: Screen): string[] {
  const steps = [...progress.steps.values()];
  const { shown, done, active, pending } = chooseSteps(steps, room);
  const idWidth = Math.min(32, Math.max(...shown.map(({ step_id, depth }) => stringWidth(step_id) + 2 * depth), 4));
  const typeWidth = Math.min(18, Math.max(...shown.map(({ type }) => stringWidth(type)), 4));
  const lines = shown.map((step) => stepLine(step, { idWidth, typeWidth }, screen));
  const { colours, glyphs } = screen;
  if (done > 0) lines.unshift(`  ${colours.green(glyphs.statuses.completed)} ${colours.dim(`${done} steps finished`)}`);
  if (active > 0) lines.push(`  ${colours.dim(`${glyphs.statuses.running} ${active} more steps active`)}`);
  if (pending > 0) lines.push(`  ${colours.dim(`${glyphs.statuses.pending} ${pending} steps pending`)}`);
  return lines;
}

/** Active steps rank highest, then failed, recently finished and pending ones. */
function chooseSteps(steps: readonly StepProgress[], room: number) {
  if (steps.length <= room) return { shown: steps, done: 0, active: 0, pending: 0 };
  const ranked = steps.map((step, place) => ({ step, place, rank: rankOf(step) }));
  const latest = (step: StepProgress): number => (step.startedAt ?? 0) + (step.duration_ms ?? 0);
  ranked.sort((a, b) => a.rank - b.rank || (a.rank === 2 ? latest(b.step) - latest(a.step) : a.place - b.place));
  const isCrowded = ranked.filter(({ rank }) => rank === 0).length > Math.max(1, room - 2);
  const places = Math.max(1, room - (isCrowded ? 3 : 2));
  const kept = ranked.slice(0, places).sort((a, b) => a.place - b.place);
  const omitted = ranked.slice(places);
  const pending = omitted.filter(({ rank }) => rank === 3).length;
  const active = omitted.filter(({ rank }) => rank === 0).length;
  return { shown: kept.map(({ step }) => step), done: omitted.length - pending - active, active, pending };
}

function rankOf({ status }: StepProgress): number {
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

function stepLine(step: StepProgress, widths: { idWidth: number; typeWidth: number }, screen: Screen): string {
  const { colours, columns } = screen;
  const id = padded(shortened(`${'  '.repeat(step.depth)}${step.step_id}`, widths.idWidth), widths.idWidth);
  const type = padded(shortened(step.type, widths.typeWidth), widths.typeWidth);
  const time = timeOf(step, screen).padStart(7);
  const rest = detailsOf(step, Math.max(0, columns - widths.idWidth - widths.typeWidth - 18), screen);
  const isQuiet = step.status === 'pending' || step.status === 'skipped';
  const tint = step.status === 'failed' ? colours.red : colours.dim;
  const line = `  ${markOf(step, screen)} ${isQuiet ? colours.dim(id) : id}  ${colours.dim(type)} ${time}  ${tint(rest)}`;
  return line.trimEnd();
}

function markOf({ status }: StepProgress, { glyphs, tick, colours }: Screen): string {
  const isBusy = status === 'running' || status === 'queued';
  const mark = isBusy ? (glyphs.spinner[tick % glyphs.spinner.length] ?? '') : glyphs.statuses[status];
  return statusColour(status, colours)(mark);
}

function timeOf({ status, startedAt, duration_ms, open, completed }: StepProgress, { now }: Screen): string {
  if (status === 'pending' || status === 'skipped') return '';
  if (open.size > 0 && startedAt !== null) return shownDuration(Math.max(0, now - startedAt));
  return duration_ms === null || completed > 1 ? '' : shownDuration(duration_ms);
}

/** As many details as fit, then the tail of the model's output. */
function detailsOf(step: StepProgress, room: number, { glyphs }: Screen): string {
  const { depth, completed, failed, open, attempt, input_tokens, output_tokens, remark, status, told, writing } = step;
  const parts = [
    depth > 0 && completed > 0 ? `${completed} done` : '',
    depth > 0 && failed > 0 ? `${failed} failed` : '',
    open.size > 1 ? `${open.size} in parallel` : '',
    attempt > 1 ? `attempt ${attempt}` : '',
    shownFirst(told),
    input_tokens + output_tokens > 0 ? `${input_tokens} → ${output_tokens} tokens` : '',
    remark === null || remark === '' ? '' : remarkOf(status, remark),
  ];
  const separator = ` ${glyphs.dot} `;
  const facts = shortened(parts.filter((part) => part !== '').join(separator), room);
  const left = room - stringWidth(facts) - (facts === '' ? 0 : separator.length);
  const text = endOf(shownFirst(writing), Math.min(maxWritingColumns, left));
  return [facts, text].filter((part) => part !== '').join(separator);
}

/** What one occurrence tells, the one that began first, because what several tell cannot be read together. */
function shownFirst(texts: ReadonlyMap<string, string>): string {
  const [first = ''] = texts.values();
  return plainText(first).trim();
}

function endOf(text: string, columns: number): string {
  return stringWidth(text) > columns && columns < minWritingColumns ? '' : shortenedAtStart(text, columns);
}

function remarkOf(status: string, remark: string): string {
  const text = plainText(remark);
  if (status === 'retrying') return `retrying after ${text}`;
  if (status !== 'waiting') return text;
  if (text.startsWith('timer')) return 'waits';
  return text.startsWith('task') ? 'waits for an answer' : `waits for ${text}`;
}

function taskLines({ tasks, status }: RunProgress, { colours, settings }: Screen): string[] {
  if (status !== 'running' && status !== 'paused') return [];
  return [...tasks.values()]
    .slice(0, 3)
    .flatMap((task) => [
      '',
      `  ${colours.yellow('?')} ${colours.bold(plainText(task.request.title))}`,
      ...answerCommands(task, settings).map((command) => `    ${colours.cyan(command)}`),
    ]);
}

function endLines(progress: RunProgress, { colours, glyphs, settings }: Screen): string[] {
  const { status, error, durationMs, usage, steps, run } = progress;
  if (status === 'paused')
    return ['', `  ${colours.yellow('paused')}; resume with ${colours.cyan(resumeCommand(settings, run))}`];
  if (status === 'running' || status === 'pending') return [];
  const mark = status === 'completed' ? glyphs.statuses.completed : glyphs.statuses.failed;
  const word = status === 'timeout' ? 'timed out' : status;
  const completed = [...steps.values()].reduce((sum, step) => sum + step.completed, 0);
  const left = [...steps.values()].filter((step) => step.status === 'pending').length;
  const facts = [
    durationMs === null ? '' : `in ${shownDuration(durationMs)}`,
    `${completed} step${completed === 1 ? '' : 's'} completed`,
    left === 0 ? '' : `${left} not run`,
    tokensOf(usage),
  ];
  const colour = statusColour(status, colours);
  const summary = `${colour(`${mark} ${word}`)} ${facts.filter((fact) => fact !== '').join(', ')}`;
  return error === null ? [summary] : [summary, `  ${colour(plainText(error))}`];
}

function tokensOf({ input_tokens, output_tokens, cost_usd }: Usage): string {
  if (input_tokens + output_tokens === 0) return '';
  const cost = cost_usd === undefined ? '' : `, $${cost_usd.toFixed(4)}`;
  return `${input_tokens} → ${output_tokens} tokens${cost}`;
}
