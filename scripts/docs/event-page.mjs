/** docs/contracts/event-contract.md */
import { eventCatalog, LiveToken, RunEvent, WaitingFor } from '@llmteam/contracts';
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
    `Events tell what happened in a run. They are **derived** from the run's history, so reading the same history gives the same
events, byte for byte. Within a run they are totally ordered by \`seq\`, from 1, without gaps.
Schema: [event.schema.json](schemas/event.schema.json). See them with \`llmteam run FILE --json\`, live, or later with
\`llmteam runs events ID --json\`: one event per line.`,
    '## Envelope',
    fieldTable({ ...root, allOf: undefined }, (name) =>
      name === 'EventType' ? '[type](#types)' : `[${name}](#errorinfo)`,
    ),
    `\`timestamp\` is when it happened: of \`step.started\` the moment a worker began, of what a handler records the moment it did.
\`attempt\` is null for steps that run no job. \`duration_ms\` is null where nothing lasted.`,
    '### ErrorInfo',
    'What `error` holds. Never a stack trace, never a secret. All codes: [errors](../errors.md).',
    fieldTable(definitions.get('ErrorInfo')),
    '## Types',
    types(),
    '### WaitingFor',
    'What `waiting_for` of `step.waiting` and of the steps of a run holds. `kind` tells the members apart.',
    fieldTable(WaitingFor),
    '## Example',
    `The ${events.length} events of a run of \`article_writer\` are ${list(events)}. The second and the last:`,
    examples.fitting('event', events[1]),
    examples.fitting('event', events.at(-1)),
    '## Live tokens',
    `While a model writes, whoever watches the run gets its text in pieces. Best effort: they have no \`seq\`, are not kept, and
nothing depends on them.`,
    fieldTable(plainSchema(LiveToken).root),
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
  if (properties === undefined) return 'whatever the handler records';
  const words = Object.entries(properties).map(([key, schema]) => {
    const about = schema.$id === undefined ? schema.description : `[${schema.$id}](#${schema.$id.toLowerCase()})`;
    return `${code(key)}: ${about}`;
  });
  return words.length === 0 ? 'empty' : words.join('; ');
}

/** A history as the engine would find it in the journal. */
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
