/** docs/contracts/api-reference.md: the route table as a page. */
import { errorCodes, roles } from '@llmteam/contracts';
import { actions, closeCodes, codesOf, defaultLimits, may, routes } from '@llmteam/gateway';
import { fieldTable } from './field-table.mjs';
import { anchor, code, fence, generated, page, table } from './markdown.mjs';
import { plainSchema } from './plain-schema.mjs';

const tags = [
  ['service', 'Service'],
  ['catalog', 'Catalog'],
  ['segments', 'Segments'],
  ['runs', 'Runs'],
  ['tasks', 'Human tasks'],
];

export function apiPage(_workbench, examples) {
  const components = collectComponents();
  const link = (name) => `[${name}](#${anchor(name)})`;
  return page(
    generated,
    '# API reference',
    `The gateway's interface over HTTP. The same as OpenAPI 3.1 is at \`/api/v1/openapi.json\`, and as a page to try at \`/api/docs\`; both come
from the table of routes that the gateway itself follows. An address that is not listed here does not exist.`,
    table(['operation', 'method and path', 'needs'], routes.map(overviewRow)),
    conventions(examples),
    following(),
    '## Operations',
    tags.map(([tag, title]) => [
      `### ${title}`,
      routes.filter((route) => route.tag === tag).map((route) => operation(route, link)),
    ]),
    '## Shapes',
    [...components].map(([name, schema]) => [`### ${name}`, schema.description ?? '', shape(schema, link)]),
  );
}

function overviewRow({ operation, method, path, access }) {
  return [
    `[${operation}](#${anchor(operation)})`,
    code(`${method.toUpperCase()} ${path}`),
    access === 'open' ? '' : code(access),
  ];
}

function conventions(examples) {
  const rows = actions.map((action) => [code(action), ...roles.map((role) => (may(role, action) ? 'yes' : ''))]);
  return [
    '## Keys and roles',
    `Every request except those of *Service* carries \`Authorization: Bearer <key>\`. A key belongs to one tenant and has one role. The tenant is
determined by the key alone; resources of another tenant return the same 404 as resources that do not exist, byte for byte.
\`llmteam keys create\` creates a key and shows it once. Revoking a key takes effect within a second and closes the streams it opened.`,
    table(['action', ...roles], rows),
    '## Errors',
    `Errors are problem documents (RFC 9457), \`application/problem+json\`. \`code\` is one of the [error table](../errors.md); \`problems\` lists
everything that is wrong with the request, each with a JSON Pointer. Every response has an \`X-Request-Id\`: the one of the request, if
given. Any operation may return ${codesInWords()}.`,
    examples.fitting('problem-details', sampleProblem),
    '## Repeating requests',
    `Starting and forking take an \`Idempotency-Key\`. The same key with the same body is the same run, however often and to whichever gateway it
is sent; the same key with a different body is \`IDEMPOTENCY_CONFLICT\`. Cancel, pause, resume, claim and answer are idempotent.`,
    '## Changing segments',
    `The \`ETag\` of a segment is its revision. With \`If-Match\` the change is made only if that is still the latest revision; with
\`If-None-Match: *\` only if the segment does not exist. Otherwise the response is \`PRECONDITION_FAILED\` and nothing changes.`,
    '## Lists',
    'Lists return a page and a `cursor` for the next one, null on the last. Pages neither repeat nor miss rows while others are added.',
    '## Limits',
    'Per gateway and configurable. Beyond a limit the response is `RATE_LIMITED` with `Retry-After`, and the request has no effect.',
    table(
      ['limit', 'default'],
      Object.entries(defaultLimits).map(([name, value]) => [code(name), String(value)]),
    ),
    `Bodies are JSON in UTF-8, nested at most 64 levels deep, without duplicate keys and without \`__proto__\`, \`constructor\` and \`prototype\`.
Unknown keys are rejected, in bodies and in queries. Browsers may call the API from configured origins only (CORS).`,
  ];
}

function codesInWords() {
  const every = routes.filter(({ access }) => access !== 'open').map((route) => new Set(codesOf(route)));
  const common = Object.keys(errorCodes).filter((name) => every.every((codes) => codes.has(name)));
  return common.map(code).join(', ');
}

function following() {
  return [
    '## Following a run',
    `Over server-sent events or a WebSocket, a client receives every event of a run from a given \`seq\` on, past and new, without gaps or
repeats, until the run ends. After a lost connection it resumes after the last \`seq\` it received.`,
    fence(
      'sh',
      `curl -N -H "Authorization: Bearer $KEY" -H 'Accept: text/event-stream' -H 'Last-Event-ID: 17' \\
  http://127.0.0.1:8700/api/v1/runs/$RUN/events`,
    ),
    'A WebSocket is closed with one of these codes:',
    table(
      ['code', 'why'],
      [
        ...Object.values(closeCodes)
          .filter(({ code }, at, all) => all.findIndex((other) => other.code === code) === at)
          .map(({ code: number, about }) => [String(number), about]),
        ['1003', 'the client sent a message: the gateway accepts none'],
        ['1009', 'the client sent a message that is too large'],
      ],
    ),
  ];
}

function operation(route, link) {
  const { operation: name, method, path, summary, description = '', access, body, changes } = route;
  const notes = [
    access === 'open' ? 'Needs no key.' : `Needs ${code(access)}.`,
    ...(changes ? ['Noted in the audit trail.'] : []),
  ];
  return [
    `#### ${name}`,
    `${code(`${method.toUpperCase()} ${path}`)}: ${summary}. ${notes.join(' ')}`,
    description,
    parameters(route),
    body === undefined ? '' : `Body${body.required ? '' : ', if any'}: ${shapeWords(body.schema, link)}.`,
    table(['status', 'answer'], answers(route, link)),
  ];
}

function parameters({ params = {}, query, headers = {} }) {
  const fields = plainSchema(query ?? { properties: {} }).root;
  const rows = [
    ...Object.entries(params).map(([name, { description }]) => [code(name), 'path', description]),
    ...Object.entries(fields.properties ?? {}).map(([name, field]) => [code(name), 'query', queryWords(field)]),
    ...Object.entries(headers).map(([name, { description }]) => [code(name), 'header', description]),
  ];
  return rows.length === 0 ? '' : table(['parameter', 'in', 'meaning'], rows);
}

function queryWords({ description = '', default: fallback, enum: values, $ref }) {
  const words = [
    description,
    values === undefined ? '' : `One of ${values.map(code).join(', ')}.`,
    $ref === undefined ? '' : `A [${$ref.split('/').at(-1)}](#${anchor($ref.split('/').at(-1))}).`,
    fallback === undefined ? '' : `Default ${code(fallback)}.`,
  ];
  return words.filter((word) => word !== '').join(' ');
}

function answers(route, link) {
  const well = Object.entries(route.responses).map(([status, { description, content = {}, headers = {} }]) => {
    const shapes = Object.entries(content).map(([type, schema]) =>
      type === 'application/json' ? shapeWords(schema, link) : code(type),
    );
    const named = Object.keys(headers).length === 0 ? '' : ` Headers: ${Object.keys(headers).map(code).join(', ')}.`;
    return [status, `${description}${shapes.length === 0 ? '' : ` ${shapes.join(' or ')}.`}${named}`];
  });
  const ill = route.errors.map((name) => [String(errorCodes[name].http), `${code(name)}: ${errorCodes[name].about}`]);
  return [...well, ...ill];
}

function shapeWords(schema, link) {
  const { $id } = schema;
  return $id === undefined ? 'JSON' : link($id);
}

/** Named schemas that bodies and answers use, by name. */
function collectComponents() {
  const found = new Map();
  const add = (schema) => {
    const { root, definitions } = plainSchema(schema);
    if (schema.$id !== undefined) found.set(schema.$id, root);
    for (const [name, definition] of definitions) found.set(name, definition);
  };
  for (const { body, query, responses: rules } of routes) {
    if (body !== undefined) add(body.schema);
    if (query !== undefined) add(query);
    for (const { content = {} } of Object.values(rules)) for (const schema of Object.values(content)) add(schema);
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1));
}

function shape(schema, link) {
  if (schema.enum !== undefined) return `One of ${schema.enum.map(code).join(', ')}.`;
  return fieldTable(schema, (name) => link(name));
}

const sampleProblem = {
  type: 'urn:llmteam:error:REQUEST_INVALID',
  title: errorCodes.REQUEST_INVALID.about,
  status: 400,
  code: 'REQUEST_INVALID',
  detail: "body /input: 'input' is not known here; did you mean 'input_data'?",
  problems: [
    {
      in: 'body',
      severity: 'error',
      code: 'UNKNOWN_FIELD',
      message: "'input' is not known here",
      path: '/input',
      suggestion: "did you mean 'input_data'?",
    },
  ],
};
