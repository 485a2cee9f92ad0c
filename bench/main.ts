/** `npm run bench [-- --only embedded|inputs|expressions|lists|isolation|tracing|nats|gateway] [--json]` */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type BenchRuntime, withRuntime } from './bench-runtime.js';
import { hostileViewer } from './gateway/hostile-viewer.js';
import { overload } from './gateway/overload.js';
import { starts } from './gateway/starts.js';
import { streams } from './gateway/streams.js';
import { tracingOnNats } from './nats/rows/tracing.js';
import { natsQuestions } from './nats/rows.js';
import { page, table } from './report.js';
import type { Row } from './row.js';
import { expressions } from './rows/expressions.js';
import { fanOut } from './rows/fan-out.js';
import { idleMemory } from './rows/idle-memory.js';
import { isolation } from './rows/isolation.js';
import { largeInputs } from './rows/large-inputs.js';
import { longChains } from './rows/long-chains.js';
import { maps } from './rows/maps.js';
import { memory } from './rows/memory.js';
import { runLists } from './rows/run-lists.js';
import { shortRun } from './rows/short-run.js';
import { startUp } from './rows/start-up.js';
import { throughput } from './rows/throughput.js';
import { tracing } from './rows/tracing.js';

type Question = () => Promise<Row | readonly Row[]>;

const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } });

/** Memory comes first, because it measures the peak of this process. */
const onRuntime: readonly ((runtime: BenchRuntime) => Promise<Row | readonly Row[]>)[] = [
  memory,
  shortRun,
  throughput,
  fanOut,
  longChains,
  maps,
];
const embedded = onRuntime.map((question) => named(question.name, () => withRuntime(question)));
const groups: Readonly<Record<string, readonly Question[]>> = {
  embedded: [...embedded, startUp, idleMemory],
  inputs: [named(largeInputs.name, () => withRuntime(largeInputs))],
  expressions: [expressions],
  lists: [runLists],
  isolation: [isolation],
  tracing: [tracing, tracingOnNats],
  nats: natsQuestions,
  gateway: [starts, overload, hostileViewer, streams],
};
if (values.only !== undefined && !(values.only in groups)) {
  throw new Error(`--only is '${values.only}', expected ${Object.keys(groups).join(' or ')}`);
}

const rows: Row[] = [];
for (const [group, questions] of Object.entries(groups)) {
  if (values.only !== undefined && values.only !== group) continue;
  for (const question of questions) {
    process.stderr.write(`${question.name} …\n`);
    rows.push(...[await question()].flat());
  }
}

if (values.json === true) {
  console.log(JSON.stringify(Object.fromEntries(rows.map(({ key, ...row }) => [key, row])), null, 2));
} else {
  console.log(table(rows));
  if (values.only === undefined) writeFileSync(new URL('../../BENCHMARKS.md', import.meta.url), page(rows));
}

function named(name: string, question: Question): Question {
  return Object.defineProperty(question, 'name', { value: name });
}
