import {
  type ControlType,
  type ControlView,
  type Directive,
  type JsonObject,
  JsonRecord,
  type Reaction,
  schemaKeyword,
  type TaskAnswer,
  taskTypes,
} from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { longestHours, required, strict, unless } from './config-schema.js';
import { controlMetadata, errorPort, port } from './metadata.js';
import { complete, fail, nothing } from './reaction.js';

const Hours = (description: string, more: object = {}) =>
  Type.Number({ exclusiveMinimum: 0, maximum: longestHours, description, ...more });
const Escalation = Type.Object(
  {
    assignee_ref: Type.String({ minLength: 1, maxLength: 256, description: 'Who gets the task next.' }),
    after_hours: Hours('How long the previous assignee has the task before it is escalated.'),
  },
  strict,
);
const Config = Type.Object(
  {
    task_type: Type.Enum([...taskTypes], {
      description:
        '`approval`: approve or reject. `review`: also modify. `input`: enter a value. `choice`: pick one of `choices`.',
    }),
    title: Type.String({ minLength: 1, description: 'The question in one line.' }),
    description: Type.Optional(Type.String({ default: '', description: 'The question in full.' })),
    assignee_ref: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'Who may answer. Default: anybody.' }),
    ),
    choices: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        maxItems: 256,
        uniqueItems: true,
        description: 'The options of a `choice`.',
      }),
    ),
    form: Type.Optional(
      Type.Unsafe<JsonObject>({ ...JsonRecord, [schemaKeyword]: true, description: 'JSON Schema of the value.' }),
    ),
    timeout_hours: Type.Optional(
      Hours('Counted from when the task is opened, regardless of escalations.', { default: 24 }),
    ),
    escalation_chain: Type.Optional(
      Type.Array(Escalation, { maxItems: 32, description: 'Who is asked next if nobody answers, in order.' }),
    ),
    on_timeout: Type.Optional(
      Type.Enum(['fail', 'approve', 'reject', 'port'], {
        default: 'fail',
        description:
          '`fail`: fails with TASK_TIMEOUT. `approve`, `reject`: as if answered that way. `port`: fires `timeout`.',
      }),
    ),
  },
  {
    ...strict,
    allOf: [
      unless('task_type', ['approval', 'input', 'review'], required('choices', { type: 'array', minItems: 1 })),
      unless('task_type', ['choice'], { properties: { choices: false } }),
      unless('task_type', ['approval', 'review'], { properties: { on_timeout: { enum: ['fail', 'port'] } } }),
    ],
  },
);
type Config = Static<typeof Config>;

interface State {
  /** Epoch milliseconds. */
  readonly due_at: number;
  /** How many times the task has been escalated. */
  level: number;
}
type View = ControlView<Config, State>;

/** Asks a person. */
export const humanTaskType: ControlType<Config, State> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'human_task',
    display_name: 'Human task',
    description:
      'Asks a person to approve, review, enter or choose, and waits. ' +
      'Ports carry `{decision, value, comment, answered_by, input}`.',
    category: 'human',
    icon: 'user-check',
    color: '#f59e0b',
    config: Config,
    input_ports: [port('input', 'Shown to the person and passed on to the port that fires.')],
    output_ports: [
      port('approved', 'Approved.', 'object'),
      port('rejected', 'Rejected.', 'object'),
      port('modified', '`value` is the changed input (`review`).', 'object'),
      port('answered', '`value` is what was entered or chosen (`input`, `choice`).', 'object'),
      port('timeout', '`{task_type, title}`: nobody answered, with `on_timeout: port`.', 'object'),
      errorPort,
    ],
    waits: true,
    supports_timeout: true,
    examples: [
      { task_type: 'approval', title: 'Publish the article?', assignee_ref: 'editor' },
      {
        task_type: 'choice',
        title: 'Which headline?',
        choices: ['A', 'B'],
        timeout_hours: 8,
        escalation_chain: [{ assignee_ref: 'chief_editor', after_hours: 4 }],
        on_timeout: 'port',
      },
      { task_type: 'input', title: 'Invoice number', form: { type: 'string', minLength: 1 } },
    ],
  }),
  react(occurrence, view) {
    if (occurrence.kind === 'started') return open(view);
    const { state } = view;
    if (state === undefined) return nothing;
    if (occurrence.kind === 'task_answered') return answered(view, occurrence.answer);
    if (occurrence.kind !== 'timer_fired') return nothing;
    return occurrence.name === 'escalate' ? escalate(view, state) : timedOut(view);
  },
};

function open({ config, input, now }: View): Reaction<State> {
  const dueAt = Math.round(now + (config.timeout_hours ?? 24) * 3_600_000);
  const task = {
    task_type: config.task_type,
    title: config.title,
    description: config.description ?? '',
    assignee: config.assignee_ref ?? null,
    choices: config.choices ?? [],
    form: config.form ?? null,
    data: input,
    due_at: dueAt,
  };
  const due: Directive = { do: 'start_timer', name: 'due', at: dueAt };
  return {
    state: { due_at: dueAt, level: 0 },
    directives: [{ do: 'open_task', task }, due, ...escalationTimer(config, 0)],
  };
}

function escalationTimer({ escalation_chain = [] }: Config, level: number): readonly Directive[] {
  const next = escalation_chain[level];
  return next === undefined ? [] : [{ do: 'start_timer', name: 'escalate', after_seconds: next.after_hours * 3_600 }];
}

function escalate({ config }: View, state: State): Reaction<State> {
  const person = config.escalation_chain?.[state.level];
  if (person === undefined) return nothing;
  state.level += 1;
  const escalation: Directive = { do: 'escalate_task', assignee: person.assignee_ref, due_at: state.due_at };
  return { state, directives: [escalation, ...escalationTimer(config, state.level)] };
}

/** An answer that does not fit the task is ignored, and the task stays open. */
function answered({ config, input }: View, answer: TaskAnswer): Reaction<State> {
  const portName = portOf(config, answer);
  if (portName === null) return nothing;
  const { decision, value = null, comment = null, answered_by } = answer;
  return complete({ [portName]: { decision, value, comment, answered_by, input } });
}

function portOf({ task_type, choices = [] }: Config, { decision, value }: TaskAnswer): string | null {
  switch (task_type) {
    case 'approval':
      return verdictPort(decision);
    case 'review':
      return decision === 'modify' && value !== undefined ? 'modified' : verdictPort(decision);
    case 'input':
      return decision === 'answer' && value !== undefined ? 'answered' : null;
    case 'choice':
      return decision === 'answer' && choices.some((choice) => choice === value) ? 'answered' : null;
  }
}

function verdictPort(decision: TaskAnswer['decision']): string | null {
  if (decision === 'approve') return 'approved';
  return decision === 'reject' ? 'rejected' : null;
}

function timedOut({ config, input }: View): Reaction<State> {
  const { task_type, title, timeout_hours = 24, on_timeout = 'fail' } = config;
  const unanswered = { value: null, comment: null, answered_by: null, input };
  switch (on_timeout) {
    case 'fail':
      return fail('TASK_TIMEOUT', `nobody answered '${title}' within timeout_hours = ${timeout_hours}`, {
        task_type,
        title,
      });
    case 'port':
      return complete({ timeout: { task_type, title } });
    case 'approve':
      return complete({ approved: { decision: 'approve', ...unanswered } });
    case 'reject':
      return complete({ rejected: { decision: 'reject', ...unanswered } });
  }
}
