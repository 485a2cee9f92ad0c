import { dashboard, labelVariable } from './dashboard.mjs';
import { graph, stat } from './panels.mjs';
import { processPanels } from './processes.mjs';
import { quantile, quantiles, range, rateOf, share } from './queries.mjs';

const operation = 'operation=~"$operation"';
const requests = `llmteam_gateway_requests_total{${operation}}`;
const broken = `llmteam_gateway_requests_total{${operation},status=~"5.."}`;
const refused = `llmteam_gateway_requests_total{${operation},status=~"4.."}`;
const durations = `llmteam_gateway_request_duration_seconds_bucket{${operation}}`;

const now = [
  stat('Requests', 'reqps', 'That were answered, of all gateways.', rateOf(requests)),
  stat(
    'Errors of ours',
    'percentunit',
    'Answers with 5xx, in the time shown: see the log of the gateway and whether NATS answers.',
    `(${share(rateOf(broken, '', range), rateOf(requests, '', range))}) or vector(0)`,
    {
      limits: [0.001, 0.01],
    },
  ),
  stat('p95 of a request', 's', 'Without streams and long polls.', quantile(0.95, durations), { limits: [0.5, 2] }),
  stat('Open streams', 'none', 'Readers that follow runs now.', 'sum(llmteam_gateway_open_streams)'),
  stat(
    'Bytes that wait for readers',
    'bytes',
    'If it grows, clients read too slowly; `gateway.limits` bounds it.',
    'sum(llmteam_gateway_unread_bytes)',
  ),
];

const requestsRow = [
  graph('Requests', 'reqps', 'By operation.', [[rateOf(requests, 'operation'), '{{operation}}']], { stacked: true }),
  graph('Requests, by status', 'reqps', '401 and 403: keys. 429: limits of a tenant. 5xx: ours.', [
    [rateOf(requests, 'status'), '{{status}}'],
  ]),
  graph('Requests that were refused', 'reqps', 'Answers with 4xx, by operation and status.', [
    [rateOf(refused, 'operation, status'), '{{status}} {{operation}}'],
  ]),
  graph('How long requests took', 's', 'Without streams and long polls. Points are traces.', quantiles(durations), {
    exemplars: true,
  }),
  graph('p95 of a request', 's', 'By operation.', [[quantile(0.95, durations, 'operation'), '{{operation}}']]),
  graph('Requests', 'reqps', 'By gateway. One without any is not in the load balancer.', [
    [rateOf(requests, 'instance'), '{{instance}}'],
  ]),
];

const streams = [
  graph('Open streams', 'none', 'By gateway.', [['llmteam_gateway_open_streams', '{{instance}}']]),
  graph('Bytes that wait for readers', 'bytes', 'By gateway.', [['llmteam_gateway_unread_bytes', '{{instance}}']]),
  graph('Readers that were cut off', 'none', 'In the last 5 minutes, because they took nothing.', [
    ['sum by (instance) (increase(llmteam_gateway_slow_readers_total[5m]))', '{{instance}}'],
  ]),
];

const spans = graph(
  'Lost spans',
  'none',
  'Of all processes, in the last 5 minutes: the collector is away or too slow.',
  [['sum by (service, instance) (increase(llmteam_tracing_lost_spans_total[5m]))', '{{service}} {{instance}}']],
);

export const gatewayDashboard = dashboard({
  uid: 'llmteam-gateway',
  title: 'gateway',
  description: 'Requests of clients, and the streams that they follow.',
  variables: [labelVariable('operation', 'operation', 'llmteam_gateway_requests_total')],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Requests', panels: requestsRow },
    { title: 'Streams', panels: streams },
    { title: 'Processes', panels: [...processPanels('service="gateway"'), spans] },
  ],
});
