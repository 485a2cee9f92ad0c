import type {
  AnswerTaskBody,
  CatalogPage,
  CatalogType,
  EventPage,
  ForkRunBody,
  HumanTask,
  Json,
  RunAccepted,
  RunPage,
  RunStatus,
  RunView,
  Segment,
  SegmentPage,
  SegmentStored,
  StartRunBody,
  TaskPage,
  ValidationReport,
} from '@llmteam/contracts';
import { type FollowedEvent, type FollowOptions, follow_run } from './follow.js';
import { type ClientOptions, Transport } from './transport.js';

export type { ClientOptions };

interface PageOptions {
  readonly cursor?: string;
  readonly limit?: number;
}

export interface StartOptions extends Omit<StartRunBody, 'input_data'> {
  /** Seconds to wait for the end: the answer is the finished run if it ends by then. */
  readonly wait?: number;
}

const api = '/api/v1';
const segment = (id: string): string => `${api}/segments/${encodeURIComponent(id)}`;
const run = (id: string): string => `${api}/runs/${encodeURIComponent(id)}`;
const task = (id: string): string => `${api}/tasks/${encodeURIComponent(id)}`;

/** The gateway's interface, call by call. Every call throws `ApiError` if it was refused. */
export class LlmteamClient {
  private readonly transport: Transport;

  constructor(options: ClientOptions) {
    this.transport = new Transport(options);
  }

  catalog(): Promise<CatalogPage> {
    return this.transport.json(`${api}/catalog`);
  }

  step_type(type_id: string): Promise<CatalogType> {
    return this.transport.json(`${api}/catalog/${encodeURIComponent(type_id)}`);
  }

  /** A text is taken for JSON and sent as it stands: lines in problems are its lines. */
  validate_segment(segment: unknown): Promise<ValidationReport> {
    return this.transport.json(`${api}/segments/validate`, { method: 'POST', ...segment_body(segment) });
  }

  /** A text is sent as it stands. `if_revision`: only if that is the newest revision; 0: only if there is none. */
  store_segment(
    segment: Segment | string,
    { if_revision }: { readonly if_revision?: number } = {},
  ): Promise<SegmentStored> {
    const is_new = if_revision === 0;
    const headers = {
      'If-Match': if_revision === undefined || is_new ? undefined : `"${if_revision}"`,
      'If-None-Match': is_new ? '*' : undefined,
    };
    return this.transport.json(`${api}/segments`, { method: 'POST', ...segment_body(segment), headers });
  }

  list_segments(page: PageOptions = {}): Promise<SegmentPage> {
    return this.transport.json(`${api}/segments`, { query: { ...page } });
  }

  get_segment(segment_id: string, { revision }: { readonly revision?: number } = {}): Promise<Segment> {
    return this.transport.json(segment(segment_id), { query: { revision } });
  }

  async delete_segment(segment_id: string): Promise<void> {
    await this.transport.json(segment(segment_id), { method: 'DELETE' });
  }

  start_run(segment_id: string, input_data: Json, options?: StartOptions & { readonly wait?: 0 }): Promise<RunAccepted>;
  start_run(segment_id: string, input_data: Json, options: StartOptions): Promise<RunAccepted | RunView>;
  start_run(segment_id: string, input_data: Json, { wait, ...options }: StartOptions = {}): Promise<RunAccepted> {
    const body = { input_data, ...options };
    return this.transport.json(`${segment(segment_id)}/runs`, { method: 'POST', body, query: { wait } });
  }

  list_runs(
    query: PageOptions & {
      readonly segment_id?: string;
      readonly status?: RunStatus;
      readonly correlation_id?: string;
      /** RFC 3339. */
      readonly since?: string;
    } = {},
  ): Promise<RunPage> {
    return this.transport.json(`${api}/runs`, { query: { ...query } });
  }

  /** `wait`: seconds to wait for the end. */
  get_run(run_id: string, { wait }: { readonly wait?: number } = {}): Promise<RunView> {
    return this.transport.json(run(run_id), { query: { wait } });
  }

  /** A page of events. */
  list_events(run_id: string, query: { readonly from_seq?: number; readonly limit?: number } = {}): Promise<EventPage> {
    return this.transport.json(`${run(run_id)}/events`, { query: { ...query } });
  }

  /** Every event, those to come included, until the run ends. */
  follow(run_id: string, options: FollowOptions = {}): AsyncGenerator<FollowedEvent> {
    return follow_run(this.transport, run_id, options);
  }

  control_run(run_id: string, action: 'cancel' | 'pause' | 'resume', reason?: string): Promise<RunAccepted> {
    const body = reason === undefined ? {} : { reason };
    return this.transport.json(`${run(run_id)}/${action}`, { method: 'POST', body });
  }

  signal_run(run_id: string, name: string, payload: Json = null, correlation?: string): Promise<RunAccepted> {
    const body = { payload, ...(correlation !== undefined && { correlation }) };
    return this.transport.json(`${run(run_id)}/signals/${encodeURIComponent(name)}`, { method: 'POST', body });
  }

  fork_run(run_id: string, body: ForkRunBody): Promise<RunAccepted> {
    return this.transport.json(`${run(run_id)}/fork`, { method: 'POST', body });
  }

  list_tasks(
    query: PageOptions & { readonly run_id?: string; readonly status?: HumanTask['status'] } = {},
  ): Promise<TaskPage> {
    return this.transport.json(`${api}/tasks`, { query: { ...query } });
  }

  get_task(task_id: string): Promise<HumanTask> {
    return this.transport.json(task(task_id));
  }

  claim_task(task_id: string, claimed_by?: string): Promise<HumanTask> {
    const body = claimed_by === undefined ? {} : { claimed_by };
    return this.transport.json(`${task(task_id)}/claim`, { method: 'POST', body });
  }

  answer_task(task_id: string, answer: AnswerTaskBody): Promise<HumanTask> {
    return this.transport.json(`${task(task_id)}/answer`, { method: 'POST', body: answer });
  }
}

function segment_body(segment: unknown): { readonly text: string } | { readonly body: unknown } {
  return typeof segment === 'string' ? { text: segment } : { body: segment };
}
