import type {
  AnswerTaskBody,
  AuditEntryPage,
  CatalogPage,
  CatalogType,
  ClaimTaskBody,
  ControlRunBody,
  CreateKeyBody,
  EventPage,
  ForkRunBody,
  HumanTask,
  KeyCreated,
  KeyIdentity,
  KeyPage,
  PluginPage,
  ReasonName,
  RunAccepted,
  RunExplanation,
  RunMetadata,
  RunPage,
  RunStatus,
  RunView,
  Segment,
  SegmentPage,
  SegmentStored,
  SignalRunBody,
  StartRunBody,
  StepDetail,
  StepPage,
  TaskPage,
  ValidationReport,
} from '@llmteam/contracts';
import { type FollowedEvent, type FollowOptions, followRun } from './follow.js';
import { api, type ClientOptions, Transport } from './transport.js';

export type { ClientOptions };

interface PageOptions {
  readonly cursor?: string;
  readonly limit?: number;
}

export interface WaitOptions {
  /** Seconds to wait for the run to end; if it does in time, the finished run is returned. Default 0. */
  readonly wait?: number;
}

export interface StartOptions extends WaitOptions {
  /** W3C Trace Context of the caller: the run goes on with its trace. */
  readonly trace?: { readonly traceparent?: string | undefined; readonly tracestate?: string | undefined };
}

const segment = (id: string): string => `${api}/segments/${encodeURIComponent(id)}`;
const run = (id: string): string => `${api}/runs/${encodeURIComponent(id)}`;
const task = (id: string): string => `${api}/tasks/${encodeURIComponent(id)}`;

/** Typed client of the gateway's REST API. Every call rejects with `ApiError` on failure. */
export class LlmteamClient {
  private readonly transport: Transport;

  constructor(options: ClientOptions) {
    this.transport = new Transport(options);
  }

  catalog(): Promise<CatalogPage> {
    return this.transport.json(`${api}/catalog`);
  }

  /** The newest version, or the newest in a range. */
  stepType(typeId: string, { version }: { readonly version?: string } = {}): Promise<CatalogType> {
    return this.transport.json(`${api}/catalog/${encodeURIComponent(typeId)}`, { query: { version } });
  }

  /** The plugins of the workers, and the versions that segments and live runs need. For keys of admins. */
  plugins(): Promise<PluginPage> {
    return this.transport.json(`${api}/plugins`);
  }

  /** A string is sent verbatim as JSON, so that line numbers in problems refer to it. */
  validateSegment(segment: unknown): Promise<ValidationReport> {
    return this.transport.json(`${api}/segments/validate`, { method: 'POST', ...segmentBody(segment) });
  }

  /** A string is sent verbatim. With `ifRevision`, stores only if that is the newest revision; 0 means only if there is none yet. */
  storeSegment(
    segment: Segment | string,
    { ifRevision }: { readonly ifRevision?: number } = {},
  ): Promise<SegmentStored> {
    const isNew = ifRevision === 0;
    const headers = {
      'If-Match': ifRevision === undefined || isNew ? undefined : `"${ifRevision}"`,
      'If-None-Match': isNew ? '*' : undefined,
    };
    return this.transport.json(`${api}/segments`, { method: 'POST', ...segmentBody(segment), headers });
  }

  listSegments(page: PageOptions = {}): Promise<SegmentPage> {
    return this.transport.json(`${api}/segments`, { query: { ...page } });
  }

  getSegment(segmentId: string, { revision }: { readonly revision?: number } = {}): Promise<Segment> {
    return this.transport.json(segment(segmentId), { query: { revision } });
  }

  async deleteSegment(segmentId: string): Promise<void> {
    await this.transport.json(segment(segmentId), { method: 'DELETE' });
  }

  startRun(
    segmentId: string,
    body?: StartRunBody,
    options?: StartOptions & { readonly wait?: 0 },
  ): Promise<RunAccepted>;
  startRun(segmentId: string, body: StartRunBody, options: StartOptions): Promise<RunAccepted | RunView>;
  startRun(segmentId: string, body: StartRunBody = {}, { wait, trace }: StartOptions = {}): Promise<RunAccepted> {
    const headers = { ...trace };
    return this.transport.json(`${segment(segmentId)}/runs`, { method: 'POST', body, query: { wait }, headers });
  }

  listRuns(
    query: PageOptions & {
      readonly segment_id?: string;
      /** One status, or any of several. */
      readonly status?: RunStatus | readonly RunStatus[];
      /** Only live runs with one of these reasons, as `explainRun` gives them. */
      readonly waiting_for?: ReasonName | readonly ReasonName[];
      readonly correlation_id?: string;
      readonly parent_run_id?: string;
      readonly run_id_prefix?: string;
      /** Only runs with all of these entries. */
      readonly metadata?: RunMetadata;
      /** Started at or after this RFC 3339 timestamp. */
      readonly since?: string;
      /** Started before this RFC 3339 timestamp. */
      readonly until?: string;
    } = {},
  ): Promise<RunPage> {
    return this.transport.json(`${api}/runs`, { query: { ...query } });
  }

  getRun(runId: string, { wait }: WaitOptions = {}): Promise<RunView> {
    return this.transport.json(run(runId), { query: { wait } });
  }

  /** Why a run is where it is. */
  explainRun(runId: string): Promise<RunExplanation> {
    return this.transport.json(`${run(runId)}/explain`, {});
  }

  /** From the event with `seq` `from_seq` on, or from the cursor of the previous page. */
  listEvents(runId: string, query: PageOptions & { readonly from_seq?: number } = {}): Promise<EventPage> {
    return this.transport.json(`${run(runId)}/events`, { query: { ...query } });
  }

  /** Every step occurrence, those of iterations that are over included. */
  listSteps(runId: string, query: PageOptions = {}): Promise<StepPage> {
    return this.transport.json(`${run(runId)}/steps`, { query: { ...query } });
  }

  /** What a step occurrence got and gave; `step` is its key, e.g. `each[3]/fetch`. */
  getStep(runId: string, step: string): Promise<StepDetail> {
    return this.transport.json(`${run(runId)}/steps/${encodeURIComponent(step)}`);
  }

  /** Yields past and future events until the run ends. */
  follow(runId: string, options: FollowOptions = {}): AsyncGenerator<FollowedEvent> {
    return followRun(this.transport, runId, options);
  }

  controlRun(runId: string, action: 'cancel' | 'pause' | 'resume', body: ControlRunBody = {}): Promise<RunAccepted> {
    return this.transport.json(`${run(runId)}/${action}`, { method: 'POST', body });
  }

  signalRun(runId: string, name: string, body: SignalRunBody = {}): Promise<RunAccepted> {
    return this.transport.json(`${run(runId)}/signals/${encodeURIComponent(name)}`, { method: 'POST', body });
  }

  forkRun(runId: string, body: ForkRunBody): Promise<RunAccepted> {
    return this.transport.json(`${run(runId)}/fork`, { method: 'POST', body });
  }

  /** Deletes a run that has ended, with its child runs. Idempotent for a week. */
  async deleteRun(runId: string): Promise<void> {
    await this.transport.json(run(runId), { method: 'DELETE' });
  }

  /** Removes the data of a run that has ended, and of its child runs; returns what is left. Idempotent. */
  redactRun(runId: string): Promise<RunView> {
    return this.transport.json(`${run(runId)}/redact`, { method: 'POST' });
  }

  listTasks(
    query: PageOptions & {
      readonly run_id?: string;
      readonly segment_id?: string;
      /** Only tasks of this person: claimed by them, or else assigned to them. */
      readonly assignee?: string;
      /** One status, or any of several. */
      readonly status?: HumanTask['status'] | readonly HumanTask['status'][];
    } = {},
  ): Promise<TaskPage> {
    return this.transport.json(`${api}/tasks`, { query: { ...query } });
  }

  /** The key of this client and what it may do. */
  whoami(): Promise<KeyIdentity> {
    return this.transport.json(`${api}/whoami`);
  }

  listKeys(page: PageOptions = {}): Promise<KeyPage> {
    return this.transport.json(`${api}/keys`, { query: { ...page } });
  }

  /** The only time that the key itself is shown. */
  createKey(body: CreateKeyBody): Promise<KeyCreated> {
    return this.transport.json(`${api}/keys`, { method: 'POST', body });
  }

  async revokeKey(prefix: string): Promise<void> {
    await this.transport.json(`${api}/keys/${encodeURIComponent(prefix)}`, { method: 'DELETE' });
  }

  /** A page may hold few records or none although more follow. */
  listAudit(
    query: PageOptions & {
      /** The public prefix of a key. */
      readonly key?: string;
      readonly action?: string;
      /** An RFC 3339 timestamp. */
      readonly since?: string;
    } = {},
  ): Promise<AuditEntryPage> {
    return this.transport.json(`${api}/audit`, { query: { ...query } });
  }

  getTask(taskId: string): Promise<HumanTask> {
    return this.transport.json(task(taskId));
  }

  claimTask(taskId: string, body: ClaimTaskBody = {}): Promise<HumanTask> {
    return this.transport.json(`${task(taskId)}/claim`, { method: 'POST', body });
  }

  unclaimTask(taskId: string): Promise<HumanTask> {
    return this.transport.json(`${task(taskId)}/unclaim`, { method: 'POST' });
  }

  answerTask(taskId: string, answer: AnswerTaskBody): Promise<HumanTask> {
    return this.transport.json(`${task(taskId)}/answer`, { method: 'POST', body: answer });
  }
}

function segmentBody(segment: unknown): { readonly text: string } | { readonly body: unknown } {
  return typeof segment === 'string' ? { text: segment } : { body: segment };
}
