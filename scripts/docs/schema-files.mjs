/** Which schemas become files in docs/contracts/schemas/, by the file's name. */
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

/** An entry of a run's history, as the port `Journal` gives it. */
const JournalEntry = Type.Object(
  {
    tenant_id: Type.String(),
    run_id: Type.String(),
    position: Type.Integer({ minimum: 1, description: 'Where it stands in its partition. Grows, may skip numbers.' }),
    message_id: Type.String({ description: 'The same id again writes nothing.' }),
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

/** By path from the root of the repository. */
export function schemaFiles() {
  return [...schemas].map(([name, schema]) => [
    `docs/contracts/schemas/${name}.schema.json`,
    `${JSON.stringify(schemaFile(name, schema), null, 2)}\n`,
  ]);
}
