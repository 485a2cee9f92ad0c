/**
 * Purpose: gives access to the runs and tasks of a gateway through the same interface as a local store.
 * Owns: translation of calls, rows, pages and errors. Does not own: requests (SDK), rate limits (gateway-fetch.ts).
 * Invariant: the tenant in run keys and queries, and the actor of a task, are ignored; the API key determines both.
 */
import {
  EventPage,
  HumanTask,
  type Json,
  LlmteamError,
  type Page,
  type ReasonName,
  RunAccepted,
  type RunEvent,
  RunExplanation,
  type RunKey,
  type RunListing,
  RunPage,
  type RunQuery,
  RunView,
  type Segment,
  StepDetail,
  StepPage,
  type StepRecord,
  TaskPage,
  type TaskQuery,
} from '@llmteam/contracts';
import type { AnswerRequest, ClaimRequest, ForkRequest, SignalOptions } from '@llmteam/kernel';
import type { LlmteamClient } from '@llmteam/sdk';
import type { ListedRow, Runs } from '../run-stores.js';
import { asGatewayError, type Unknowns } from './gateway-errors.js';

/** Events per page; large, because the gateway reads the whole history for each page. */
const eventsPerPage = 10_000;
const stepsPerPage = 1_000;

export class GatewayRuns implements Runs {
  constructor(
    private readonly client: LlmteamClient,
    private readonly url: string,
  ) {}

  list(query: RunQuery): Promise<Page<ListedRow>> {
    return this.listed(query, {});
  }

  listWaiting(query: RunQuery, reasons: readonly ReasonName[]): Promise<Page<ListedRow>> {
    return this.listed(query, { waiting_for: reasons });
  }

  private async listed(
    { tenant_id: _, since, until, waits: __, ...query }: RunQuery,
    more: { readonly waiting_for?: readonly ReasonName[] },
  ): Promise<Page<ListedRow>> {
    const filter = {
      ...query,
      ...more,
      ...(since !== undefined && { since: new Date(since).toISOString() }),
      ...(until !== undefined && { until: new Date(until).toISOString() }),
    };
    const { runs, cursor } = await this.ask(RunPage, this.client.listRuns(filter));
    return { rows: runs.map(rowOf), cursor };
  }

  show(run: RunKey): Promise<RunView> {
    return this.ask(RunView, this.client.getRun(run.run_id), this.noRun(run));
  }

  explain(run: RunKey): Promise<RunExplanation> {
    return this.ask(RunExplanation, this.client.explainRun(run.run_id), this.noRun(run));
  }

  async events(run: RunKey, fromSeq = 1): Promise<readonly RunEvent[]> {
    const events: RunEvent[] = [];
    for (let next: string | null = String(fromSeq); next !== null; ) {
      const response = this.client.listEvents(run.run_id, { cursor: next, limit: eventsPerPage });
      const page: EventPage = await this.ask(EventPage, response, this.noRun(run));
      events.push(...page.events);
      next = page.events.length === 0 ? null : page.cursor;
    }
    return events;
  }

  async steps(run: RunKey): Promise<readonly StepRecord[]> {
    const steps: StepRecord[] = [];
    for (let next: string | null | undefined; next !== null; ) {
      const query = { limit: stepsPerPage, ...(next !== undefined && { cursor: next }) };
      const page: StepPage = await this.ask(StepPage, this.client.listSteps(run.run_id, query), this.noRun(run));
      steps.push(...page.steps);
      next = page.cursor;
    }
    return steps;
  }

  step(run: RunKey, step: string): Promise<StepDetail> {
    return this.ask(StepDetail, this.client.getStep(run.run_id, step), {
      ...this.noRun(run),
      STEP_UNKNOWN: `run '${run.run_id}' has no step '${step}', or has not got to it`,
    });
  }

  /** The newest revision if it contains all steps of the run, else a segment made of the steps the run reports. */
  async definition(run: RunKey): Promise<{ readonly segment: Segment }> {
    const { segment_id, steps } = await this.show(run);
    const types = new Map(steps.map(({ step_id, type }) => [step_id, type]));
    const stored = await this.client.getSegment(segment_id).catch(() => null);
    const known = new Set(stored?.steps?.map(({ step_id }) => step_id));
    if (stored !== null && [...types.keys()].every((stepId) => known.has(stepId))) return { segment: stored };
    const reported = [...types].map(([stepId, type]) => ({ step_id: stepId, type }));
    return { segment: { segment_id, name: segment_id, entrypoint: reported[0]?.step_id ?? '', steps: reported } };
  }

  async control(run: RunKey, action: 'cancel' | 'pause' | 'resume', _by: string, reason?: string): Promise<void> {
    await this.ask(
      RunAccepted,
      this.client.controlRun(run.run_id, action, reason === undefined ? {} : { reason }),
      this.noRun(run),
    );
  }

  async signal(run: RunKey, name: string, payload: Json, { correlation }: SignalOptions = {}): Promise<void> {
    const sent = this.client.signalRun(run.run_id, name, {
      payload,
      ...(correlation !== undefined && { correlation }),
    });
    await this.ask(RunAccepted, sent, this.noRun(run));
  }

  async fork(run: RunKey, { from_step, input_overrides }: ForkRequest): Promise<RunKey> {
    const body = { from_step, ...(input_overrides !== undefined && { input_overrides }) };
    const { run_id } = await this.ask(RunAccepted, this.client.forkRun(run.run_id, body), {
      ...this.noRun(run),
      STEP_UNKNOWN: `run '${run.run_id}' has no step '${from_step}' to fork from`,
    });
    return { ...run, run_id };
  }

  async remove(run: RunKey): Promise<void> {
    try {
      await this.client.deleteRun(run.run_id);
    } catch (thrown) {
      throw asGatewayError(thrown, this.url, this.noRun(run));
    }
  }

  async tasks({ tenant_id: _, ...query }: TaskQuery): Promise<Page<HumanTask>> {
    const { tasks, cursor } = await this.ask(TaskPage, this.client.listTasks(query));
    return { rows: tasks, cursor };
  }

  task(_tenantId: string, taskId: string): Promise<HumanTask> {
    return this.ask(HumanTask, this.client.getTask(taskId), noTask(taskId));
  }

  async claim(_tenantId: string, taskId: string, request: ClaimRequest): Promise<void> {
    await this.ask(HumanTask, this.client.claimTask(taskId, request), noTask(taskId));
  }

  async unclaim(_tenantId: string, taskId: string): Promise<void> {
    await this.ask(HumanTask, this.client.unclaimTask(taskId), noTask(taskId));
  }

  async answer(_tenantId: string, taskId: string, answer: AnswerRequest): Promise<void> {
    await this.ask(HumanTask, this.client.answerTask(taskId, answer), noTask(taskId));
  }

  private noRun({ run_id }: RunKey): Unknowns {
    return { RUN_UNKNOWN: `there is no run '${run_id}' at ${this.url}` };
  }

  /** Awaits a response and checks that it has the required fields. @throws LlmteamError */
  async ask<T>(
    shape: { readonly required?: readonly string[] },
    response: Promise<T>,
    unknowns?: Unknowns,
  ): Promise<T> {
    let body: T;
    try {
      body = await response;
    } catch (thrown) {
      throw asGatewayError(thrown, this.url, unknowns);
    }
    const isValid = typeof body === 'object' && body !== null && (shape.required ?? []).every((key) => key in body);
    if (isValid) return body;
    const what = 'the response is not one of a gateway; is it the address of one?';
    throw new LlmteamError('GATEWAY_ANSWER_INVALID', `${this.url}: ${what}`);
  }
}

function noTask(taskId: string): Unknowns {
  return { TASK_UNKNOWN: `there is no task '${taskId}'; 'llmteam tasks list' lists them` };
}

function rowOf({ started_at, completed_at, duration_ms: _, ...row }: RunListing): ListedRow {
  return {
    ...row,
    started_at: Date.parse(started_at),
    ended_at: completed_at === null ? null : Date.parse(completed_at),
  };
}
