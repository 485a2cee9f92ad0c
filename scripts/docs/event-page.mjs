/** docs/contracts/event-contract.md */
import { eventCatalog, LiveProgress, LiveToken, RunEvent, WaitingFor } from '@llmteam/contracts';
import { compilePlan, defineSegment, replay } from '@llmteam/kernel';
import { checkEventCatalog } from './event-checks.mjs';
import { fieldTable } from './field-table.mjs';
import { code, generated, page, table } from './markdown.mjs';
import { plainSchema } from './plain-schema.mjs';
import { articleWriter } from './segment-examples.mjs';

export function eventPage(workbench, examples) {
  checkEventCatalog();
  const { root, definitions } = plainSchema(RunEvent);
  const events = exampleEvents(workbench);
  return page(
    generated,
    '# Event contract',
    `Events report what happened in a run. They are **derived** from the run's history, so the same history always yields the same
events, byte for byte. Within a run they are totally ordered by \`seq\`, which starts at 1 and has no gaps.
\`llmteam run FILE --json\` prints them live and \`llmteam runs events ID --json\` afterwards, one event per line.
Schema: [event.schema.json](schemas/event.schema.json).`,
    '## Envelope',
    fieldTable({ ...root, allOf: undefined }, (name) =>
      name === 'EventType' ? '[type](#types)' : `[${name}](#errorinfo)`,
    ),
    `\`timestamp\` is when the event happened: for \`step.started\` when a worker began, for an activity when the handler recorded it.
\`attempt\` is null for steps that run no job. \`duration_ms\` is null for events without a duration.`,
    '### ErrorInfo',
    'The value of `error`. It never contains a stack trace or a secret. All codes: [errors](../errors.md).',
    fieldTable(definitions.get('ErrorInfo')),
    '## Types',
    types(),
    '### WaitingFor',
    'The value of `waiting_for` in `step.waiting` and in the steps of a run, discriminated by `kind`.',
    fieldTable(WaitingFor),
    '## Example',
    `A run of \`article_writer\` has ${events.length} events: ${list(events)}. The second and the last:`,
    examples.fitting('event', events[1]),
    examples.fitting('event', events.at(-1)),
    '## Live only',
    `Clients that follow a run also receive what is told while it goes on: text in chunks as a model generates it (\`llm.token\`), and how far
a step says it is (\`step.progress\`: the latest argument of \`context.heartbeat\`, at most ten times a second per attempt). Delivery is best
effort: these messages have no \`seq\` and are not stored, and nothing depends on them. More types may come; ignore those you do not know.`,
    ...[LiveToken, LiveProgress].flatMap((type) => [`### ${type.$id}`, fieldTable(plainSchema(type).root)]),
  );
}

function list(events) {
  return events.map(({ event_type }) => code(event_type)).join(', ');
}

function types() {
  const rows = Object.entries(eventCatalog).map(([type, { when, payload }]) => [
    code(type),
    when,
    payloadWords(payload),
  ]);
  return table(['type', 'when', 'payload'], rows);
}

function payloadWords({ properties }) {
  if (properties === undefined) return 'defined by the handler';
  const words = Object.entries(properties).map(([key, schema]) => {
    const about = schema.$id === undefined ? schema.description : `[${schema.$id}](#${schema.$id.toLowerCase()})`;
    return `${code(key)}: ${about}`;
  });
  return words.length === 0 ? 'empty' : words.join('; ');
}

/** The events of a history as it would be in the journal. */
function exampleEvents({ catalog, compiler }) {
  const { segment, step_types } = defineSegment(articleWriter, catalog);
  const plan = compilePlan({ segment, step_types }, catalog, compiler);
  const at = Date.UTC(2026, 0, 31, 12);
  const facts = [
    {
      type: 'run.requested',
      at,
      segment_id: segment.segment_id,
      definition: `sha256:${'0'.repeat(64)}`,
      input: { topic: 'journals' },
      instance_id: 'default',
      correlation_id: null,
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      timeout_seconds: 300,
      engine: '0.1.0',
    },
    {
      type: 'step.reported',
      at: at + 1_250,
      step: 'research',
      attempt: 1,
      started_at: at + 2,
      worker: 'worker_1',
      ports: { output: 'A journal keeps what happened.' },
      usage: { input_tokens: 12, output_tokens: 6 },
    },
  ];
  return replay(plan, { tenant_id: 'default', run_id: 'run_1' }, facts).events;
}
