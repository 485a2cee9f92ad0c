/** docs/contracts/segment-json.md */
import { caps, Problem, problemCodes, Segment } from '@llmteam/contracts';
import { expressionSection } from './expression-section.mjs';
import { fieldTable } from './field-table.mjs';
import { anchor, code, generated, page, table } from './markdown.mjs';
import { plainSchema } from './plain-schema.mjs';
import { articleWriter, broken, triage } from './segment-examples.mjs';

const headings = { SegmentParams: 'params', Step: 'Step', RetryPolicy: 'retry', Edge: 'Edge' };

export function segmentPage(workbench, examples) {
  return page(
    generated,
    '# Segment JSON',
    `A **segment** is a workflow: a graph of steps in one JSON file. Contract version: **1.0**.
Schema: [segment.schema.json](schemas/segment.schema.json). Unknown keys are rejected. \`llmteam schema\` prints a schema that also
knows the config of every installed step type; with a key \`$schema\` that holds the path of such a file, editors validate and autocomplete
segments. The command line also reads YAML 1.2 (\`.yaml\`, \`.yml\`) and JSON with comments and trailing commas (\`.jsonc\`); the API takes JSON.`,
    '## Example',
    examples.segment(articleWriter),
    'A segment with branches, a retry policy, a human task and an output expression:',
    examples.segment(triage),
    fields(),
    flow,
    expressionSection(workbench.compiler),
    limits(),
    validation(examples),
  );
}

function fields() {
  const { root, definitions } = plainSchema(Segment);
  const link = (name) =>
    headings[name] === undefined ? code(name) : `[${headings[name]}](#${anchor(headings[name])})`;
  const sections = Object.entries(headings).map(([name, heading]) => {
    const schema = definitions.get(name);
    return [`### ${heading}`, schema.description ?? '', fieldTable(schema, link)];
  });
  return ['## Keys', fieldTable(root, link), ...sections.flat()];
}

const flow = `## How a segment runs

1. The step \`entrypoint\` gets the run's input on its port \`input\`.
2. A step that completes **fires output ports**. An edge whose \`from_port\` fired and whose \`condition\` holds is **taken** and
   carries the port's value; any other edge is **dead**.
3. A step is decided once each of its incoming edges is taken or dead: if any is taken the step runs, if all are dead it is
   **skipped** and its outgoing edges are dead. So a join after an optional branch needs no special handling.
4. If one taken edge leads to a port, the port has the edge's value; if several do, it has the list of their values in edge order.
5. A failed attempt is retried according to \`retry\` if its error is recoverable. After the last attempt the step has failed: an edge
   from its port \`error\` carries the error; without one the run fails, immediately or after its other branches (\`params.on_failure\`).
   Loops, \`subworkflow\` and \`wait_for_signal\` are repeated as a whole, and only if they have a \`retry\` of their own.
6. Steps repeat only in the **region** of a \`loop\`, \`map\` or \`critic_loop\`: the steps between its port \`body\` and its port \`next\`.
   Every iteration has its own scope. An uncaught failure inside the region ends the iteration.
7. The run ends when nothing is left to do. It returns the value of \`output\`, or without one the value of its last step. If several
   steps could be the last of one run, such as those of parallel branches, it always returns an object of the values by step id. A step's
   value is that of its port \`output\`, or if that did not fire, of the only port that did, or an object by port.

8. While a run is paused, no job is dispatched and the clocks that measure its work stop: \`params.timeout_seconds\`, and the timeouts of
   loops and child runs. Those of the world outside go on: jobs already dispatched, retries, delays, people and signals.

The [step catalog](step-catalog.md) lists the step types and their ports.`;

const explained = [
  ['segment_bytes', 'file size in bytes'],
  ['steps_per_segment', 'steps'],
  ['edges_per_segment', 'edges'],
  ['loop_nesting', 'depth of nested loops'],
  ['json_depth', 'nesting depth of JSON'],
  ['json_string_bytes', 'bytes of one string'],
  ['value_bytes', 'bytes of the value on a port'],
  ['attempts_per_step', 'attempts of a step'],
  ['step_executions_per_run', 'steps executed in a run, iterations included'],
  ['loop_iterations', 'iterations of a loop'],
  ['parallel_width', 'jobs of a run in flight; further ready steps wait'],
  ['events_per_run', 'events of a run'],
  ['subworkflow_depth', 'depth of nested runs'],
  ['inner_step_depth', 'depth of inner steps'],
  ['inner_steps_per_step', 'inner steps that a step declares, those of inner steps included'],
  ['child_runs_per_run', 'child runs of a run'],
  ['buffered_signals_per_run', 'signals buffered until a step waits for them'],
  ['buffered_signal_bytes', 'bytes of their payloads'],
  ['expression_characters', 'characters of an expression'],
];

function limits() {
  const rows = explained.map(([cap, about]) => [code(cap), caps[cap].toLocaleString('en'), about]);
  const intro =
    'These limits hold for every run; a segment cannot raise them. Exceeding one is a `LIMIT_EXCEEDED` error.';
  return ['## Limits', intro, table(['limit', 'maximum', 'meaning'], rows)];
}

function validation(examples) {
  const { segment, answer, problems } = examples.brokenSegment(broken);
  const codes = Object.entries(problemCodes).map(([name, about]) => [code(name), about]);
  return [
    '## Validation',
    `\`llmteam validate FILE\` reports **all** problems at once, one per line, in file order; \`--json\` prints \`{valid, problems}\`. A segment
with a problem of severity \`error\` cannot be run; warnings and hints do not prevent a run. This segment has ${problems.length} problems:`,
    segment,
    'They are reported as:',
    answer,
    '### Problem',
    fieldTable(plainSchema(Problem).root),
    table(['code', 'meaning'], codes),
  ];
}
