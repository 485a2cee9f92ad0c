/** The schemas that are written to docs/contracts/schemas/, by file name. */
import {
  ErrorInfo,
  Fact,
  HumanTask,
  Job,
  PluginManifest,
  Problem,
  ProblemDetails,
  RunEvent,
  RunResult,
  RunView,
  Segment,
  StepTypeMetadata,
} from '@llmteam/contracts';
import { ConfigFile } from '@llmteam/service-host';
import { Type } from 'typebox';
import { schemaFile } from './plain-schema.mjs';

/** A journal entry as the port `Journal` returns it. */
const JournalEntry = Type.Object(
  {
    tenant_id: Type.String(),
    run_id: Type.String(),
    position: Type.Integer({ minimum: 1, description: 'Position in the partition: ascending, with gaps.' }),
    message_id: Type.String({ description: 'Deduplication id: a second append with the same id writes nothing.' }),
    fact: Fact,
  },
  { additionalProperties: false, description: "One entry of a run's history." },
);

export const schemas = new Map([
  ['config', ConfigFile],
  ['error', ErrorInfo],
  ['event', RunEvent],
  ['human-task', HumanTask],
  ['job', Job],
  ['journal-entry', JournalEntry],
  ['plugin-manifest', PluginManifest],
  ['problem', Problem],
  ['problem-details', ProblemDetails],
  ['run', RunView],
  ['run-result', RunResult],
  ['segment', Segment],
  ['step-type', StepTypeMetadata],
]);

/** Path from the repository root and content of each file. */
export function schemaFiles() {
  return [...schemas].map(([name, schema]) => [
    `docs/contracts/schemas/${name}.schema.json`,
    `${JSON.stringify(schemaFile(name, schema), null, 2)}\n`,
  ]);
}
