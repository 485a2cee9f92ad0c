import { dashboard, labelVariable } from './dashboard.mjs';
import { graph, stat } from './panels.mjs';
import { quantile, quantiles, range, rateOf, share } from './queries.mjs';

const of = 'provider=~"$provider",model=~"$model"';
const cost = `llmteam_model_cost_usd_total{${of}}`;
const tokens = `llmteam_model_tokens_total{${of}}`;
const calls = `llmteam_model_call_seconds_count{${of}}`;
const failed = `llmteam_model_call_seconds_count{${of},outcome="failed"}`;
const durations = `llmteam_model_call_seconds_bucket{${of},outcome="completed"}`;
const firstTokens = `llmteam_model_first_token_seconds_bucket{${of}}`;
const legend = '{{provider}} {{model}}';
const byModel = 'provider, model';

const now = [
  stat('Money', 'currencyUSD', 'In the time shown, where providers tell it.', rateOf(cost, '', range), {
    noValue: 'not told',
  }),
  stat('Tokens', 'short', 'In the time shown, taken and given.', rateOf(tokens, '', range)),
  stat('Calls', 'short', 'In the time shown.', rateOf(calls, '', range)),
  stat(
    'Failed calls',
    'percentunit',
    'Of those in the time shown. Limits of the provider, its key, or its health.',
    share(rateOf(failed, '', range), rateOf(calls, '', range)),
    {
      limits: [0.05, 0.2],
    },
  ),
  stat('p95 of a call', 's', 'Of those that completed.', quantile(0.95, durations)),
  stat('p95 of the first token', 's', 'Where steps stream.', quantile(0.95, firstTokens)),
];

const money = [
  graph(
    'Money per hour',
    'currencyUSD',
    'By model. A step up without more runs: a longer prompt, a loop, or another model.',
    [[`${rateOf(cost, byModel)} * 3600`, legend]],
  ),
  graph('Money per call', 'currencyUSD', 'By model.', [[share(rateOf(cost, byModel), rateOf(calls, byModel)), legend]]),
  graph('Tokens', 'cps', 'By model and direction: what models took and gave.', [
    [rateOf(tokens, `${byModel}, direction`), `${legend} {{direction}}`],
  ]),
  graph('Tokens per call', 'none', 'By model and direction. Prompts that grow show here.', [
    [
      `${rateOf(tokens, `${byModel}, direction`)} / on (${byModel}) group_left () (${rateOf(calls, byModel)} > 0)`,
      `${legend} {{direction}}`,
    ],
  ]),
];

const callsRow = [
  graph(
    'Calls, by how they ended',
    'ops',
    'Many `failed`: see the errors of the steps. `cancelled`: runs were cancelled or timed out.',
    [[rateOf(calls, 'outcome'), '{{outcome}}']],
  ),
  graph(
    'Failed calls',
    'percentunit',
    'By model.',
    [[share(rateOf(failed, byModel), rateOf(calls, byModel)), legend]],
    { max: 1 },
  ),
  graph('How long calls took', 's', 'Of those that completed.', quantiles(durations)),
  graph('p95 of a call', 's', 'By model, of those that completed.', [[quantile(0.95, durations, byModel), legend]]),
  graph('p95 of the first token', 's', 'By model, where steps stream.', [
    [quantile(0.95, firstTokens, byModel), legend],
  ]),
  graph('Calls at work', 'none', 'On average, by model: what counts against a limit of concurrent calls.', [
    [rateOf(`llmteam_model_call_seconds_sum{${of}}`, byModel), legend],
  ]),
];

export const modelsDashboard = dashboard({
  uid: 'llmteam-models',
  title: 'models and money',
  description:
    'What models cost, how fast they answer, and how often they fail. Calls that a worker did not survive are not counted.',
  variables: [
    labelVariable('provider', 'provider', 'llmteam_model_call_seconds_count'),
    labelVariable('model', 'model', 'llmteam_model_call_seconds_count'),
  ],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Money and tokens', panels: money },
    { title: 'Calls', panels: callsRow },
  ],
});
