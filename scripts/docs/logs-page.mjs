/** docs/logs.md */
import { eventTypes } from '@llmteam/contracts';
import { eventLines } from '@llmteam/kernel';
import { code, fence, generated, page, table } from './markdown.mjs';

export function logsPage() {
  return page(
    generated,
    '# Logs',
    `Services write to stderr, one JSON object per line; on a terminal, or with \`"log": { "format": "pretty" }\`, words. The level is
\`log.level\` (\`info\`), \`LLMTEAM_LOG_LEVEL\` or \`--log-level\`; \`debug\`, \`info\`, \`warn\`, \`error\`, \`silent\`. What must never be
read is not in any line: [configured secrets](config.md) and what looks like one are redacted, and no line has the input, output,
prompt or query of anything.`,
    '`llmteam run` tells of its run in its own way, so it logs the events of runs only if a level is configured. `llmteam dev` without one logs warnings and errors.',
    '## Change the level while a process runs',
    `SIGUSR2 sets the level of a coordinator, worker, gateway or \`llmteam dev\` to \`debug\`, and a second one sets it back to what is
configured. A line that is always written says so, with \`log_level\`. (SIGUSR1 is Node's own.)`,
    fence(
      'sh',
      `kill -USR2 PID\ndocker compose kill --signal SIGUSR2 worker\nkubectl exec POD -- node -e "process.kill(1, 'SIGUSR2')"`,
    ),
    '## Runs',
    `The coordinator that drives a run, or \`llmteam dev\`, logs a line per [event](contracts/event-contract.md) of it. Fields: \`run_id\`,
\`tenant_id\`, \`segment_id\`, \`trace_id\` (of the run; also if traces are not exported), \`seq\`; of a step \`step\` (its key), \`step_id\`, \`step_type\`,
\`scope\`, \`attempt\`; where there is one \`duration_ms\`, \`error_code\`, \`worker\`, \`waiting_for\`, \`task_id\`, \`delay_ms\`, \`parent_run_id\`.`,
    table(
      ['level', 'message', 'event'],
      eventTypes.map((type) => [eventLines[type].level, eventLines[type].message, code(type)]),
    ),
    'If a coordinator dies, its successor may log once more what came after the last checkpoint (5 s): `run_id` and `seq` name an event.',
    '## Attempts',
    'A worker logs its attempts with the same fields, and `trace_id` of the trace that the attempt is part of.',
    table(
      ['level', 'message', 'when'],
      [
        ['debug', 'attempt started', ''],
        [
          'info',
          'attempt begins again',
          'The job was delivered before (`deliveries`): its worker was lost or gave it back.',
        ],
        ['debug', 'attempt completed', 'with `duration_ms`'],
        ['info', 'attempt failed', 'with `duration_ms` and `error_code`; the run decides whether there is another'],
        ['warn', 'attempt lost', '`STEP_CRASHED`: its process ended. `WORKER_LOST`: so did every worker that took it.'],
        ['info', 'attempt handed back', 'The worker stops; another one begins it again.'],
        ['info', 'attempt dropped without a report', 'It had been reported, or the report could not be stored.'],
      ],
    ),
    '## Requests',
    `A gateway logs each request when it is answered: \`request_id\` (that of the response header \`X-Request-Id\`), \`operation\`, \`tenant_id\`,
\`status\`, \`duration_ms\` (not of a stream, which has only begun) and \`trace_id\` if it is traced.`,
    table(
      ['level', 'message', 'when'],
      [
        ['info', 'request completed', 'an operation that changes something, whatever its status'],
        ['debug', 'request completed', 'any other'],
        ['error', 'a request could not be served', 'a server error, with the error'],
      ],
    ),
  );
}
