import {
  EventPage,
  type RunEvent,
  type RunListing,
  RunPage,
  type RunRow,
  RunStatus,
  RunView,
} from '@llmteam/contracts';
import { Type } from 'typebox';
import { stream_events } from '../following/sse.js';
import { check_origin } from '../http/authentication.js';
import { upgrade_required } from '../http/pipeline.js';
import { list_page } from './listing.js';
import { type no_body, page_query, run_param, strict } from './parameters.js';
import { type ApiRequest, define_route, type Route } from './route.js';
import { wait_field, wait_for_end } from './waiting.js';

const list_query = Type.Object(
  {
    segment_id: Type.Optional(Type.String({ maxLength: 64 })),
    status: Type.Optional(RunStatus),
    correlation_id: Type.Optional(Type.String({ maxLength: 128 })),
    since: Type.Optional(Type.String({ format: 'date-time', description: 'Only runs that began then or later.' })),
    ...page_query,
  },
  strict,
);
const show_query = Type.Object({ wait: wait_field }, strict);
const from_seq = Type.Optional(Type.Integer({ minimum: 1, default: 1, description: 'The first event wanted.' }));
const events_query = Type.Object(
  { from_seq, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000 })) },
  strict,
);
const socket_query = Type.Object({ from_seq }, strict);

const list_route = define_route<typeof list_query, typeof no_body>({
  operation: 'list_runs',
  method: 'get',
  path: '/api/v1/runs',
  tag: 'runs',
  summary: 'Runs, newest first',
  description: 'Pages stay as they are while runs are added. The list may be a moment behind the runs themselves.',
  access: 'run:read',
  rate: 'request',
  query: list_query,
  answers: { 200: { description: 'A page of runs.', content: { 'application/json': RunPage } } },
  errors: [],
  changes: false,
  handle: async ({ principal: { tenant_id }, query: { since, ...query } }, { runs }) => {
    const from = since === undefined ? {} : { since: Date.parse(since) };
    const page = await list_page(() => runs.list({ tenant_id, ...query, ...from }));
    return { status: 200, body: { runs: page.rows.map(listing_of), cursor: page.cursor } satisfies RunPage };
  },
});

const get_route = define_route<typeof show_query, typeof no_body>({
  operation: 'get_run',
  method: 'get',
  path: '/api/v1/runs/{run_id}',
  tag: 'runs',
  summary: 'A run and its steps',
  access: 'run:read',
  rate: 'request',
  params: run_param,
  query: show_query,
  answers: { 200: { description: 'The run as it stands.', content: { 'application/json': RunView } } },
  errors: ['RUN_UNKNOWN'],
  changes: false,
  handle: async ({ principal: { tenant_id }, params: { run_id = '' }, query, leaving }, services) => {
    const run = { tenant_id, run_id };
    const ended = await wait_for_end(run, query.wait, leaving, services);
    return { status: 200, body: ended ?? (await services.runs.show(run)) };
  },
});

const events_route = define_route<typeof events_query, typeof no_body>({
  operation: 'list_run_events',
  method: 'get',
  path: '/api/v1/runs/{run_id}/events',
  tag: 'runs',
  summary: 'What happened in a run: a page, or a stream',
  description: `With \`Accept: text/event-stream\` the events come as server-sent events: those there are, then each new one, with \`id\` = \`seq\`,
and pieces of text that models write as \`llm.token\` without \`id\`. The stream ends with the run. \`Last-Event-ID\` goes on after that event;
if nothing is left after it the answer is 204, which tells browsers not to come again.`,
  access: 'run:read',
  rate: 'stream',
  params: run_param,
  query: events_query,
  headers: {
    'Last-Event-ID': {
      schema: Type.String({ pattern: '^([A-Za-z0-9._-]+:)?[0-9]{1,15}$' }),
      description: 'The last event that was seen: its `seq`, or its `event_id`.',
    },
  },
  answers: {
    200: {
      description: 'Events, in order.',
      content: { 'application/json': EventPage, 'text/event-stream': Type.String() },
    },
    204: { description: 'The run has ended, and nothing came after `Last-Event-ID`.' },
  },
  errors: ['RUN_UNKNOWN'],
  changes: false,
  handle: async (request, services) => {
    check_origin({ origin: request.header('Origin') }, services.origins ?? []);
    const last_seen = seq_of(request.header('Last-Event-ID'));
    const from = last_seen === null ? (request.query.from_seq ?? 1) : last_seen + 1;
    if (wants_stream(request)) return stream_events(request, from, last_seen !== null, services);
    const run = { tenant_id: request.principal.tenant_id, run_id: request.params.run_id ?? '' };
    return { status: 200, body: page_of(await services.runs.events(run, from), request.query.limit ?? 1_000, from) };
  },
});

const socket_route = define_route<typeof socket_query, typeof no_body>({
  operation: 'follow_run',
  method: 'get',
  path: '/api/v1/runs/{run_id}/ws',
  tag: 'runs',
  summary: 'Follow a run over a WebSocket',
  description: `Every message is one event as JSON: those from \`from_seq\` on, then each new one, and \`llm.token\` as it is written. The gateway
pings; it takes no messages. Browsers, which cannot set \`Authorization\` here, offer the subprotocols \`llmteam.v1\` and \`llmteam.key.<key>\`.`,
  access: 'run:read',
  rate: 'stream',
  is_socket: true,
  params: run_param,
  query: socket_query,
  answers: { 101: { description: 'The connection is a WebSocket now.' } },
  errors: ['RUN_UNKNOWN', 'UPGRADE_REQUIRED', 'FORBIDDEN'],
  changes: false,
  handle: async () => {
    throw upgrade_required();
  },
});

export const run_routes: readonly Route[] = [list_route, get_route, events_route, socket_route];

function wants_stream({ header, is_head }: ApiRequest): boolean {
  return !is_head && (header('Accept') ?? '').toLowerCase().includes('text/event-stream');
}

function seq_of(last_event_id: string | undefined): number | null {
  if (last_event_id === undefined) return null;
  return Number(last_event_id.slice(last_event_id.lastIndexOf(':') + 1));
}

const last_events: ReadonlySet<string> = new Set([
  'segment.completed',
  'segment.failed',
  'segment.cancelled',
  'segment.timeout',
]);

function page_of(found: readonly RunEvent[], limit: number, from: number): EventPage {
  const events = found.slice(0, limit);
  const last = events.at(-1);
  const is_over = last === undefined ? false : found.length <= limit && last_events.has(last.event_type);
  return { events, next_seq: is_over ? null : (last?.seq ?? from - 1) + 1 };
}

function listing_of({ started_at, ended_at, ...row }: RunRow): RunListing {
  return {
    ...row,
    started_at: new Date(started_at).toISOString(),
    completed_at: ended_at === null ? null : new Date(ended_at).toISOString(),
    duration_ms: ended_at === null ? null : Math.max(0, ended_at - started_at),
  };
}
