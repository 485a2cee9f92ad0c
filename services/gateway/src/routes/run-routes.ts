import {
  EventPage,
  LlmteamError,
  ReasonName,
  type RunKey,
  RunMetadata,
  RunPage,
  RunStatus,
  RunView,
  runsPerIdPrefix,
} from '@llmteam/contracts';
import { Type } from 'typebox';
import { listPage } from './listing.js';
import { checkOrigin } from './origins.js';
import { moment, type noBody, pageQuery, runParam, severalOf, strict, waitField } from './parameters.js';
import { type ApiRequest, type ApiResponse, defineRoute, type Route } from './route.js';
import type { RouteServices } from './route-services.js';

const listQuery = Type.Object(
  {
    segment_id: Type.Optional(Type.String({ maxLength: 64 })),
    status: Type.Optional(severalOf(RunStatus)),
    waiting_for: Type.Optional({
      ...severalOf(ReasonName),
      description:
        'Only runs that have not ended and are where they are for one of these reasons, as `explain` gives them. A run is found by what it waits for two seconds after it began to, `paused` and `not_driven` at once. A page may be shorter than its limit.',
    }),
    correlation_id: Type.Optional(Type.String({ maxLength: 128 })),
    parent_run_id: Type.Optional(Type.String({ maxLength: 128, description: 'Only children of this run.' })),
    run_id_prefix: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description: `Only runs whose id begins with this. Refused with \`LIMIT_EXCEEDED\` if those are more than ${runsPerIdPrefix}.`,
      }),
    ),
    metadata: Type.Optional(
      Type.Unsafe<RunMetadata>({
        ...RunMetadata,
        description: 'Only runs with these entries, given as `metadata[name]=value`.',
      }),
    ),
    since: Type.Optional(moment('Only runs started at or after this time.')),
    until: Type.Optional(moment('Only runs started before this time.')),
    ...pageQuery,
  },
  strict,
);
const showQuery = Type.Object({ wait: waitField }, strict);
const fromSeq = Type.Optional(Type.Integer({ minimum: 1, default: 1, description: 'The first event to return.' }));
const eventsQuery = Type.Object(
  {
    from_seq: fromSeq,
    cursor: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,14}$',
        description: 'The cursor of the previous page, instead of `from_seq`.',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000 })),
  },
  strict,
);
const socketQuery = Type.Object({ from_seq: fromSeq }, strict);

const listRoute = defineRoute<typeof listQuery, typeof noBody>({
  operation: 'list_runs',
  method: 'get',
  path: '/api/v1/runs',
  tag: 'runs',
  summary: 'List runs, newest first',
  description: 'Paging is stable while runs are added. The list is eventually consistent.',
  access: 'run:read',
  rate: 'request',
  query: listQuery,
  responses: { 200: { description: 'A page of runs.', content: { 'application/json': RunPage } } },
  errors: ['LIMIT_EXCEEDED'],
  changes: false,
  handle: async ({ principal: { tenant_id }, query: { since, until, waiting_for, ...query } }, { runQueries }) => {
    const span = {
      ...(since !== undefined && { since: Date.parse(since) }),
      ...(until !== undefined && { until: Date.parse(until) }),
    };
    const page = await listPage(() => runQueries.list({ tenant_id, ...query, ...span }, waiting_for));
    return { status: 200, body: page satisfies RunPage };
  },
});

const getRoute = defineRoute<typeof showQuery, typeof noBody>({
  operation: 'get_run',
  method: 'get',
  path: '/api/v1/runs/{run_id}',
  tag: 'runs',
  summary: 'Get a run and its steps',
  access: 'run:read',
  rate: 'request',
  params: runParam,
  query: showQuery,
  responses: { 200: { description: 'The current state of the run.', content: { 'application/json': RunView } } },
  errors: ['RUN_UNKNOWN'],
  changes: false,
  handle: async ({ principal: { tenant_id }, params: { run_id = '' }, query, leaving }, { runQueries }) => {
    const run = { tenant_id, run_id };
    const ended = await runQueries.whenEnded(run, query.wait, leaving);
    return { status: 200, body: ended ?? (await runQueries.show(run)) };
  },
});

const eventsRoute = defineRoute<typeof eventsQuery, typeof noBody>({
  operation: 'list_run_events',
  method: 'get',
  path: '/api/v1/runs/{run_id}/events',
  tag: 'runs',
  summary: 'List or stream the events of a run',
  description: `With \`Accept: text/event-stream\`, past and new events are streamed as server-sent events with \`id\` = \`seq\`; model output
as \`llm.token\` and the progress of steps as \`step.progress\`, both without \`id\` and live only. The stream ends with the run. \`Last-Event-ID\` resumes after that event; if the run has ended and nothing
follows it, the response is 204, which tells browsers not to reconnect.`,
  access: 'run:read',
  rate: 'stream',
  params: runParam,
  query: eventsQuery,
  headers: {
    'Last-Event-ID': {
      schema: Type.String({ pattern: '^([A-Za-z0-9._-]+:)?[0-9]{1,15}$' }),
      description: 'The last event received: its `seq` or its `event_id`.',
    },
  },
  responses: {
    200: {
      description: 'Events, in order.',
      content: { 'application/json': EventPage, 'text/event-stream': Type.String() },
    },
    204: { description: 'The run has ended, and nothing came after `Last-Event-ID`.' },
  },
  errors: ['RUN_UNKNOWN'],
  changes: false,
  handle: async (request, services) => {
    checkOrigin(request.header('Origin'), services.origins);
    const lastSeen = seqOf(request.header('Last-Event-ID'));
    const { cursor, from_seq = 1 } = request.query;
    const first = cursor === undefined ? from_seq : Number(cursor);
    const from = lastSeen === null ? first : lastSeen + 1;
    if (wantsStream(request)) return streamEvents(request, from, lastSeen !== null, services);
    const page = { first: from - 1, limit: request.query.limit ?? 1_000, signal: request.leaving() };
    return { status: 200, json: await services.runQueries.events(runOf(request), page) };
  },
});

const socketRoute = defineRoute<typeof socketQuery, typeof noBody>({
  operation: 'follow_run',
  method: 'get',
  path: '/api/v1/runs/{run_id}/ws',
  tag: 'runs',
  summary: 'Follow a run over a WebSocket',
  description: `Every message is one event as JSON, from \`from_seq\` on, or live only: model output as \`llm.token\`, the progress of
steps as \`step.progress\`. The gateway sends pings and
accepts no messages. Browsers, which cannot set \`Authorization\` here, offer the subprotocols \`llmteam.v1\` and \`llmteam.key.<key>\`.`,
  access: 'run:read',
  rate: 'stream',
  isSocket: true,
  params: runParam,
  query: socketQuery,
  responses: { 101: { description: 'Switching to WebSocket.' } },
  errors: ['RUN_UNKNOWN', 'UPGRADE_REQUIRED', 'FORBIDDEN'],
  changes: false,
  handle: async () => {
    throw new LlmteamError('UPGRADE_REQUIRED', 'this path is a WebSocket endpoint');
  },
});

export const runRoutes: readonly Route[] = [listRoute, getRoute, eventsRoute, socketRoute];

function wantsStream({ header, isHead }: ApiRequest): boolean {
  return !isHead && (header('Accept') ?? '').toLowerCase().includes('text/event-stream');
}

/** `isResumed`: the client has already received what comes before `fromSeq`. @throws LlmteamError `RUN_UNKNOWN`, `RATE_LIMITED` */
async function streamEvents(
  request: ApiRequest,
  fromSeq: number,
  isResumed: boolean,
  { streams }: RouteServices,
): Promise<ApiResponse> {
  const stream = await streams.prepare(request.principal, runOf(request), fromSeq);
  if (request.leaving().aborted || (isResumed && stream.isOver())) {
    stream.release();
    return { status: 204 };
  }
  return { status: 200, stream };
}

function runOf({ principal: { tenant_id }, params: { run_id = '' } }: ApiRequest): RunKey {
  return { tenant_id, run_id };
}

function seqOf(lastEventId: string | undefined): number | null {
  if (lastEventId === undefined) return null;
  return Number(lastEventId.slice(lastEventId.lastIndexOf(':') + 1));
}
