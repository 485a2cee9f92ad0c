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
    `Every request but those of *Service* carries \`Authorization: Bearer <key>\`. A key belongs to one tenant and has one role; the tenant comes
from the key and from nothing else. What belongs to another tenant is answered as what does not exist: the same 404, byte for byte.
\`llmteam keys create\` makes a key and shows it once; a key that is revoked counts no more within a second, and the streams it opened are closed.`,
    table(['action', ...roles], rows),
    '## Errors',
    `Whatever is refused is answered with a problem document (RFC 9457), \`application/problem+json\`. \`code\` is one of the
[error table](../errors.md); \`problems\` lists all that is wrong with the request, each with a JSON Pointer. Every answer to what is HTTP has
an \`X-Request-Id\`, that of the request if it had one. Any operation may answer ${codesInWords()}.`,
    examples.fitting('problem-details', sampleProblem),
    '## Repeating requests',
    `Starting and forking take an \`Idempotency-Key\`. The same key with the same body is the same run, however often and wherever it is sent;
the same key with another body is \`IDEMPOTENCY_CONFLICT\`. Cancel, pause, resume, claiming and answering may be repeated anyway.`,
    '## Changing segments',
    `The \`ETag\` of a segment is its revision. With \`If-Match\` a change is made only if that is still the newest one; \`If-None-Match: *\` only
stores what is not there yet. Otherwise the answer is \`PRECONDITION_FAILED\` and nothing is changed.`,
    '## Lists',
    'Lists give a page and a `cursor` for the next one; null: there is none. Pages neither repeat nor miss a row while others are added.',
    '## Limits',
    'Per gateway; operators may set others. Beyond them the answer is `RATE_LIMITED` with `Retry-After`, and nothing is done.',
    table(
      ['limit', 'default'],
      Object.entries(defaultLimits).map(([name, value]) => [code(name), String(value)]),
    ),
    `Bodies are JSON in UTF-8, nested at most 64 deep, without keys that occur twice and without \`__proto__\`, \`constructor\` and \`prototype\`.
Unknown keys are refused, in bodies and in queries. Web pages may use the interface if their origin is listed; others may not.`,
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
    `Over server-sent events or a WebSocket a client gets every event of a run from the first it asks for, then each new one, without a gap and
without a repeat; then the stream ends. Whoever was cut off comes again and goes on after the last \`seq\` it saw.`,
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
        ['1003', 'the client sent a message: the gateway takes none here'],
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
