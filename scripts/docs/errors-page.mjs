/** docs/errors.md */
import { ErrorInfo, errorCodes, problemCodes } from '@llmteam/contracts';
import { fieldTable } from './field-table.mjs';
import { code, generated, page, table } from './markdown.mjs';
import { plainSchema } from './plain-schema.mjs';

export function errorsPage(_workbench, examples) {
  const codes = Object.entries(errorCodes).map(([name, { recoverable, http, about }]) => [
    code(name),
    about,
    recoverable ? 'yes' : '',
    String(http),
  ]);
  return page(
    generated,
    '# Errors',
    `Every error has a code from this table or a code defined by the plugin that raised it. Codes are never renamed or reused; messages
may change. A **recoverable** error may go away on retry: an attempt that fails with one is retried according to the step's \`retry\`.
The column *http* is the status of the HTTP response.`,
    table(['code', 'meaning', 'recoverable', 'http'], codes),
    '## ErrorInfo',
    'How runs, events and reports represent an error. Schema: [error.schema.json](contracts/schemas/error.schema.json).',
    fieldTable(plainSchema(ErrorInfo).root),
    examples.fitting('error', sample),
    '## Problems of segments',
    `What \`llmteam validate\` reports. A \`SEGMENT_INVALID\` error lists all of them in \`details.problems\`. See
[validation](contracts/segment-json.md#validation).`,
    table(
      ['code', 'meaning'],
      Object.entries(problemCodes).map(([name, about]) => [code(name), about]),
    ),
  );
}

const sample = {
  error_type: 'LlmteamError',
  error_code: 'HTTP_STATUS',
  error_message: 'GET https://api.example.com/pages answered 503',
  recoverable: true,
  details: { status: 503, retry_after_seconds: 5 },
};
