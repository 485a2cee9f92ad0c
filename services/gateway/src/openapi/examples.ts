/** An example for each named schema of a body, by the schema's name. Tests validate them. */
const run = { run_id: '8f14e45f-ceea-4672-a1c4-1d2b5a1b1f10', segment_id: 'article_writer' };
const tenant = { ...run, tenant_id: 'acme' };
const startedAt = '2026-03-01T09:30:00.000Z';
const completedAt = '2026-03-01T09:30:04.250Z';
const definition = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const nobody = { correlation_id: null, parent_run_id: null };

const segment = {
  segment_id: 'article_writer',
  name: 'Article writer',
  entrypoint: 'research',
  steps: [
    {
      step_id: 'research',
      type: 'llm_agent',
      config: { llm_ref: 'main', user_prompt_template: 'Collect facts about {topic}.' },
    },
    { step_id: 'shorten', type: 'transform', config: { expression: 'input' } },
  ],
  edges: [{ from: 'research', to: 'shorten' }],
};

const listing = {
  ...tenant,
  ...nobody,
  metadata: { customer: 'ada' },
  status: 'completed',
  started_at: startedAt,
  completed_at: completedAt,
  duration_ms: 4_250,
};

const stepRecord = {
  step: 'shorten',
  step_id: 'shorten',
  scope: '',
  type: 'transform',
  status: 'completed',
  attempt: 1,
  ready_at: startedAt,
  ended_at: completedAt,
  error: null,
};

const event = {
  ...tenant,
  event_id: `${run.run_id}:1`,
  event_type: 'segment.started',
  seq: 1,
  timestamp: startedAt,
  instance_id: 'default',
  step_id: null,
  step_type: null,
  scope: '',
  attempt: null,
  severity: 'info',
  correlation_id: null,
  parent_event_id: null,
  payload: { segment_name: 'Article writer', parent_run_id: null },
  error: null,
  duration_ms: null,
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
};

const task = {
  ...tenant,
  task_id: `${run.run_id}:approve`,
  step_id: 'approve',
  status: 'open',
  escalation_level: 0,
  claimed_by: null,
  created_at: 1_772_357_400_000,
  request: {
    task_type: 'approval',
    title: 'Publish the article?',
    description: '',
    assignee: null,
    choices: [],
    form: null,
    data: { title: 'Tea' },
    due_at: null,
  },
  answer: null,
};

const transform = {
  type_id: 'transform',
  version: '0.1.0',
  versions: ['0.1.0'],
  workers: 2,
  metadata: {
    type_id: 'transform',
    version: '0.1.0',
    display_name: 'Transform',
    description: 'Computes a value from its input.',
    category: 'data',
    icon: 'function',
    color: '#0ea5e9',
    config_schema: { type: 'object', properties: { expression: { type: 'string', 'x-cel': 'any' } } },
    input_ports: [{ name: 'input', type: 'any', description: 'The input.', required: false }],
    output_ports: [{ name: 'output', type: 'any', description: 'The result.', required: false }],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: '',
    examples: [{ expression: 'input.title' }],
    permissions: [],
  },
};

const keyExpiry = '2027-06-30T00:00:00.000Z';
const key = {
  prefix: '7gk2pm4xw9qz',
  tenant_id: 'default',
  role: 'approver',
  name: 'ada',
  act_for_others: false,
  created_at: startedAt,
  expires_at: keyExpiry,
  revoked_at: null,
};
const auditEntry = {
  at: startedAt,
  key: key.prefix,
  name: 'ada',
  action: 'answer_task',
  target: '/api/v1/tasks/8c1f:approve/answer',
  status: 200,
  request_id: 'r-17',
};

export const examples: Readonly<Record<string, unknown>> = {
  ServiceState: { status: 'ok', version: '0.1.0' },
  ServiceIndex: {
    name: 'llmteam',
    version: '0.1.0',
    links: { docs: '/api/docs', openapi: '/api/v1/openapi.json', health: '/health', ready: '/ready' },
  },
  CatalogType: transform,
  CatalogPage: { types: [transform], cursor: null },
  RunExplanation: {
    run_id: run.run_id,
    status: 'running',
    summary: `step 'research' waits for a worker that runs 'llm_agent@1', and there is none (since ${startedAt})`,
    reasons: [
      {
        reason: 'no_worker',
        step: 'research',
        since: startedAt,
        queue: 'llm_agent@1',
        text: "step 'research' waits for a worker that runs 'llm_agent@1', and there is none",
        remedy: 'start a worker that has the plugin of this type and serves it (`worker.types`)',
      },
    ],
    more_reasons: 0,
  },
  PluginPage: {
    plugins: [
      {
        name: 'ocr',
        package: '@acme/llmteam-ocr',
        version: '2.3.0',
        kind: 'task',
        is_built_in: false,
        isolation: 'process',
        permissions: ['network:api.acme.com', 'secret:acme_key'],
        granted: ['secret:acme_key'],
        step_types: ['acme_ocr'],
        model_providers: [],
        workers: 3,
      },
    ],
    versions: [
      {
        type_id: 'acme_ocr',
        version: '2.3.0',
        is_provided: true,
        segments: ['invoices'],
        runs: ['run-4711'],
        segment_count: 1,
        run_count: 1,
        is_used_elsewhere: false,
      },
    ],
    is_complete: true,
    cursor: null,
  },
  Segment: segment,
  SegmentStored: { segment_id: 'article_writer', revision: 3, definition, warnings: [] },
  SegmentPage: {
    segments: [{ segment_id: 'article_writer', name: 'Article writer', revision: 3, definition, stored_at: startedAt }],
    cursor: null,
  },
  ValidationReport: {
    valid: false,
    problems: [
      {
        severity: 'error',
        code: 'INVALID_REFERENCE',
        message: "edge 'research' → 'shorten': there is no step 'shorten'",
        path: '/edges/0/to',
        line: 9,
      },
    ],
  },
  StartRunBody: { input_data: { topic: 'tea' }, timeout: 120, correlation_id: 'order-17' },
  ForkRunBody: { from_step: 'shorten', input_overrides: { input: 'Tea is a drink.' } },
  ControlRunBody: { reason: 'the order was cancelled' },
  SignalRunBody: { payload: { paid: true }, correlation: 'order-17' },
  RunAccepted: { ...run, status: 'pending', started_at: startedAt },
  RunPage: { runs: [listing], cursor: null },
  StepPage: { steps: [stepRecord], cursor: null },
  StepDetail: {
    ...stepRecord,
    inputs: { input: 'Tea is a drink made from leaves.' },
    config: { expression: 'input' },
    outputs: { output: 'Tea is a drink.' },
  },
  RunView: {
    ...listing,
    input: { topic: 'tea' },
    output: 'Tea is a drink.',
    error: null,
    steps: [{ step_id: 'research', scope: '', type: 'llm_agent', status: 'completed', attempt: 1, error: null }],
    steps_completed: 2,
    steps_total: 2,
    usage: { input_tokens: 412, output_tokens: 97 },
  },
  EventPage: { events: [event], cursor: '2' },
  HumanTask: task,
  TaskPage: { tasks: [task], cursor: null },
  ClaimTaskBody: { claimed_by: 'ada' },
  AnswerTaskBody: { decision: 'approve', comment: 'Well done.', answered_by: 'ada' },
  CreateKeyBody: { role: 'approver', name: 'ada', expires_at: keyExpiry },
  KeyCreated: { key: 'llmteam_7gk2pm4xw9qz_…', ...key },
  KeyPage: { keys: [key], cursor: null },
  KeyIdentity: { ...key, permissions: ['run:read', 'task:read', 'task:claim', 'task:answer'] },
  AuditEntryPage: { records: [auditEntry], cursor: null },
};
