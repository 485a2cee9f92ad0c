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
Schema: [segment.schema.json](schemas/segment.schema.json). Unknown keys are refused. A key \`$schema\` with the path of
the schema file makes editors complete and check while you type.`,
    '## Example',
    examples.segment(articleWriter),
    'One with branches, a retry policy, a person who is asked, and an output of its own:',
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
3. A step is decided when all edges into it are taken or dead: if any is taken it runs; if all are dead it is **skipped**, and its own
   edges are dead. A join behind an optional branch therefore needs no special handling.
4. One taken edge gives a port its value; several give the list of values in edge order.
5. A failed attempt is retried according to \`retry\` if its error is recoverable. After that the step has failed: an edge from its port
   \`error\` carries the error on; without one the run fails, at once or after its other branches (\`params.on_failure\`).
6. Steps repeat only in the **region** of a \`loop\`, \`map\` or \`critic_loop\`: what lies between its port \`body\` and its port
   \`next\`. Every iteration has its own scope. An uncaught failure inside ends the iteration.
7. The run ends when nothing is left to do. It returns \`output\`, or else the value of the one final step that completed, or an object by
   step id if there are several.

The types of steps and their ports are in the [step catalog](step-catalog.md).`;

const explained = [
  ['segment_bytes', 'bytes of the file'],
  ['steps_per_segment', 'steps'],
  ['edges_per_segment', 'edges'],
  ['loop_nesting', 'loops within loops'],
  ['json_depth', 'nesting of the JSON'],
  ['json_string_bytes', 'bytes of one string'],
  ['value_bytes', 'bytes of the value on a port'],
  ['attempts_per_step', 'attempts of a step'],
  ['step_executions_per_run', 'steps executed in a run, iterations included'],
  ['loop_iterations', 'iterations of a loop'],
  ['parallel_width', 'jobs of a run in flight; further ready steps wait'],
  ['events_per_run', 'events of a run'],
  ['subworkflow_depth', 'runs within runs'],
  ['child_runs_per_run', 'child runs of a run'],
  ['buffered_signals_per_run', 'signals buffered for a later wait'],
  ['expression_characters', 'characters of an expression'],
];

function limits() {
  const rows = explained.map(([cap, about]) => [code(cap), caps[cap].toLocaleString('en'), about]);
  const intro = 'They apply to every run, whatever its segment says. Exceeding one is `LIMIT_EXCEEDED`.';
  return ['## Limits', intro, table(['limit', 'at most', 'of what'], rows)];
}

function validation(examples) {
  const { segment, answer, problems } = examples.brokenSegment(broken);
  const codes = Object.entries(problemCodes).map(([name, about]) => [code(name), about]);
  return [
    '## Validation',
    `\`llmteam validate FILE\` finds **everything** that is wrong at once, one line per problem, in the order of the file;
\`--json\` prints \`{valid, problems}\`. A segment with a problem of severity \`error\` cannot be run; warnings and hints can be.
This segment has ${problems.length} problems:`,
    segment,
    'and this is the complete output:',
    answer,
    '### Problem',
    fieldTable(plainSchema(Problem).root),
    table(['code', 'meaning'], codes),
  ];
}
