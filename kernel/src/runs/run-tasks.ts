/**
 * Purpose: the operations on human tasks: show, claim, unclaim, answer.
 * Owns: who may act on a task. The engine accepts every recorded fact, so histories replay whatever the rules were at the time.
 * Invariant: what is returned or refused is what the history says after the append: of two racing calls the engine's first wins.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type Fact,
  type HumanTask,
  isLlmteamError,
  type Journal,
  LlmteamError,
  type RunIndex,
  type RunKey,
  type TaskAnswer,
} from '@llmteam/contracts';
import { findStep } from '../engine/find-step.js';
import { hash32 } from '../engine/hash.js';
import { checkAnswer } from './answer-check.js';
import type { Histories } from './histories.js';
import { checkValue } from './value-check.js';

/** Who makes a call that is recorded with a name. */
export interface Actor {
  readonly name: string;
  /** The public prefix of the API key; null on the local command line. */
  readonly key: string | null;
  /** May name other persons, and act on tasks that others claimed or are assigned to. */
  readonly act_for_others: boolean;
}

/** An answer as given. Which key was used is recorded by the service, never taken from the caller. */
export interface AnswerRequest extends Omit<TaskAnswer, 'answered_by' | 'answered_with_key'> {
  /** Default: the name of the actor. */
  readonly answered_by?: string;
}

export interface ClaimRequest {
  /** Who gets the task. Default: the name of the actor. */
  readonly claimed_by?: string;
}

export interface RunTasksDeps {
  readonly journal: Journal;
  readonly index: Pick<RunIndex, 'task'>;
  readonly histories: Histories;
  readonly now: () => number;
  readonly newId: () => string;
}

interface OpenedTask {
  readonly run: RunKey;
  readonly step: string;
  readonly task: HumanTask;
}

/** Null if the run, or its data, does not exist. */
function unlessGone(thrown: unknown): null {
  if (isLlmteamError(thrown) && (thrown.code === 'RUN_UNKNOWN' || thrown.code === 'RUN_REDACTED')) return null;
  throw thrown;
}

export class RunTasks {
  constructor(private readonly deps: RunTasksDeps) {}

  /** Reads the task from the run's history, because the index may lag behind. @throws LlmteamError `TASK_UNKNOWN` */
  async open(tenantId: string, taskId: string): Promise<OpenedTask> {
    const colon = taskId.indexOf(':');
    const run: RunKey = { tenant_id: tenantId, run_id: taskId.slice(0, Math.max(0, colon)) };
    const step = taskId.slice(colon + 1);
    const unknown = new LlmteamError('TASK_UNKNOWN', `there is no task '${taskId}'`);
    const indexed = await this.deps.index.task(tenantId, taskId);
    const found = await this.deps.histories.current(run).catch(unlessGone);
    if (found === null) throw unknown;
    const instance = findStep(found.state, found.plan, step);
    const task = instance?.state.control?.task ?? null;
    if (task !== null) return { run, step, task };
    if (indexed === null) throw unknown;
    return { run, step, task: { ...indexed, status: 'closed' } };
  }

  /** A claimed task is claimed again only after `unclaim`, whoever asks. */
  async claim(tenantId: string, taskId: string, { claimed_by }: ClaimRequest, actor: Actor): Promise<void> {
    const by = claimed_by ?? actor.name;
    checkName(actor, by);
    const { run, step, task } = await this.open(tenantId, taskId);
    if (task.status === 'claimed' && task.claimed_by === by) return;
    if (task.status === 'closed') throw closed(task);
    if (task.status === 'claimed') throw taken(task);
    checkHolder(task, actor, by);
    // Unique, because a task can be claimed again after it was unclaimed.
    const messageId = `claim:${step}:${this.deps.newId()}`;
    await this.append(run, messageId, { type: 'task.claimed', at: this.deps.now(), step, by, ...keyOf(actor) });
    const { task: after } = await this.open(tenantId, taskId);
    if (after.status === 'closed') throw closed(after);
    if (after.claimed_by !== by) throw taken(after);
  }

  async unclaim(tenantId: string, taskId: string, actor: Actor): Promise<void> {
    const { run, step, task } = await this.open(tenantId, taskId);
    if (task.status === 'open') return;
    if (task.status === 'closed') throw closed(task);
    checkHolder(task, actor, actor.name);
    const messageId = `unclaim:${step}:${this.deps.newId()}`;
    const by = actor.name;
    await this.append(run, messageId, { type: 'task.unclaimed', at: this.deps.now(), step, by, ...keyOf(actor) });
  }

  async answer(tenantId: string, taskId: string, request: AnswerRequest, actor: Actor): Promise<void> {
    const answer = answerOf(request, actor);
    checkName(actor, answer.answered_by);
    const { run, step, task } = await this.open(tenantId, taskId);
    if (task.status === 'closed') {
      if (isDeepStrictEqual(task.answer, answer)) return;
      throw closed(task);
    }
    checkHolder(task, actor, answer.answered_by);
    checkValue('the answer', answer.value ?? null);
    checkAnswer(task, answer);
    const messageId = `answer:${step}:${hash32(JSON.stringify(answer))}`;
    await this.append(run, messageId, { type: 'task.answered', at: this.deps.now(), step, answer });
    const won = await this.winningAnswer(run, step);
    if (won !== null && !isDeepStrictEqual(won, answer)) throw closed({ ...task, status: 'closed', answer: won });
  }

  /** The first answer in the history wins. */
  private async winningAnswer(run: RunKey, step: string): Promise<TaskAnswer | null> {
    for await (const { fact } of this.deps.journal.read(run)) {
      if (fact.type === 'task.answered' && fact.step === step) return fact.answer;
    }
    return null;
  }

  private async append(run: RunKey, messageId: string, fact: Fact): Promise<void> {
    await this.deps.journal.append(run, [{ message_id: messageId, fact }]);
  }
}

function answerOf({ decision, value, comment, answered_by }: AnswerRequest, { name, key }: Actor): TaskAnswer {
  return {
    decision,
    ...(value !== undefined && { value }),
    ...(comment !== undefined && { comment }),
    answered_by: answered_by ?? name,
    ...(key !== null && { answered_with_key: key }),
  };
}

function keyOf({ key }: Actor): { readonly key?: string } {
  return key === null ? {} : { key };
}

function checkName({ name, act_for_others }: Actor, by: string): void {
  if (by === name || act_for_others) return;
  throw new LlmteamError(
    'FORBIDDEN',
    `the key of '${name}' may not act for '${by}': it was not made to act for others`,
  );
}

/** A claim decides over an assignment: whoever claimed the task was allowed to. */
function checkHolder(task: HumanTask, { act_for_others }: Actor, by: string): void {
  const holder = task.claimed_by ?? task.request.assignee;
  if (holder !== null && holder !== by && !act_for_others) throw taken(task);
}

function taken({ task_id, claimed_by, request }: HumanTask): LlmteamError {
  const how = claimed_by === null ? `assigned to ${request.assignee}` : `claimed by ${claimed_by}`;
  return new LlmteamError('TASK_CLAIMED', `task '${task_id}' is ${how}`);
}

function closed({ task_id, answer }: HumanTask): LlmteamError {
  const by = answer === null ? '' : ` by ${answer.answered_by}`;
  return new LlmteamError('TASK_CLOSED', `task '${task_id}' is closed${by}`);
}
