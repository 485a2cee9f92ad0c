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
    `Every error has a code from this table, or one of the plugin that raised it. Codes are never renamed or reused; messages may
change. A **recoverable** error may pass if the same is done again: an attempt that ends in one is repeated as the step's
\`retry\` says. The column *http* is the status of an answer over HTTP.`,
    table(['code', 'meaning', 'recoverable', 'http'], codes),
    '## ErrorInfo',
    'An error as runs, events and reports carry it. Schema: [error.schema.json](contracts/schemas/error.schema.json).',
    fieldTable(plainSchema(ErrorInfo).root),
    examples.fitting('error', sample),
    '## Problems of segments',
    `What \`llmteam validate\` finds. \`SEGMENT_INVALID\` carries them all in \`details.problems\`. See
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
