/** docs/contracts/api-reference.md, rendered from the route table. */
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
  ['access', 'Keys and audit trail'],
];

export function apiPage(_workbench, examples) {
  const components = collectComponents();
  const link = (name) => `[${name}](#${anchor(name)})`;
  return page(
    generated,
    '# API reference',
    `The HTTP API of the gateway. The gateway also serves it as an OpenAPI 3.1 document at \`/api/v1/openapi.json\` and as an interactive page at
\`/api/docs\`. All three are generated from the route table of the gateway, so a path that is not listed here does not exist.`,
    table(['operation', 'method and path', 'permission'], routes.map(overviewRow)),
    conventions(examples),
    following(),
    '## Operations',
    tags.map(([tag, title]) => [
      `### ${title}`,
      routes.filter((route) => route.tag === tag).map((route) => operation(route, link)),
    ]),
    '## Schemas',
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
    `Every request, except those under *Service*, needs an \`Authorization: Bearer <key>\` header. A key belongs to one tenant and has one role;
the tenant is determined by the key alone. Resources of other tenants look like missing ones: the same 404 response, byte for byte.
\`llmteam keys create\` creates a key and shows it once. A revoked key stops working within a second, and the streams it opened are closed.
A key speaks for its own name; naming other people on human tasks takes one with \`act_for_others\`, or role \`admin\`.`,
    table(['action', ...roles], rows),
    '## Errors',
    `Error responses are problem details (RFC 9457), \`application/problem+json\`. \`code\` is one of the [error codes](../errors.md);
\`problems\` lists everything that is wrong with the request, each entry with a JSON Pointer. Every HTTP response has an \`X-Request-Id\` header,
which repeats that of the request if it had one. Any operation may fail with ${codesInWords()}.`,
    examples.fitting('problem-details', sampleProblem),
    '## Idempotency',
    `Starting and forking a run accept an \`Idempotency-Key\` header. Requests with the same key and the same body refer to the same run, however
often and to whichever gateway they are sent; the same key with another body is an \`IDEMPOTENCY_CONFLICT\`. The response to a repeat has the header
\`Idempotent-Replayed: true\`. Cancelling, pausing and resuming
a run and claiming and answering a task are idempotent anyway.`,
    '## Conditional changes',
    `The \`ETag\` of a segment is its revision. With \`If-Match\` a segment is changed only if that is still its newest revision, with
\`If-None-Match: *\` only if it does not exist yet. Otherwise the request fails with \`PRECONDITION_FAILED\` and changes nothing.`,
    '## Pagination',
    `Every list is an object with the rows under their name (\`runs\`, \`tasks\`, \`events\`, …) and a \`cursor\`: the parameter \`cursor\` of the next
page, or null if there is none. Pages neither repeat nor miss a row while rows are added.`,
    '## Limits',
    `The limits apply per gateway and can be configured. A request beyond a limit is rejected with \`RATE_LIMITED\` and a \`Retry-After\`
header. Responses to requests with a key say how much of the rate limits is left, in the headers \`RateLimit-Policy\`
(\`"requests";q=1000;w=1\`: quota and window in seconds) and \`RateLimit\` (\`"requests";r=998;t=1\`: what is left, and the seconds until all of
it is there again), as in draft-ietf-httpapi-ratelimit-headers.`,
    table(
      ['limit', 'default'],
      Object.entries(defaultLimits).map(([name, value]) => [code(name), String(value)]),
    ),
    `Bodies are JSON in UTF-8, nested at most 64 levels deep, without duplicate keys and without the key \`__proto__\`.
Unknown keys are rejected, in bodies and in queries. A POST or DELETE that takes no body accepts an empty
object. Browsers may call the API only from configured origins (CORS).`,
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
    `Server-sent events or a WebSocket deliver every event of a run from a requested \`seq\` on, then each new one, without gaps or duplicates,
until the run ends. After a lost connection the client reconnects and continues after the last \`seq\` it received.`,
    fence(
      'sh',
      `curl -N -H "Authorization: Bearer $KEY" -H 'Accept: text/event-stream' -H 'Last-Event-ID: 17' \\
  http://127.0.0.1:8700/api/v1/runs/$RUN/events`,
    ),
    'A WebSocket is closed with one of these codes:',
    table(
      ['code', 'reason'],
      [
        ...Object.values(closeCodes)
          .filter(({ code }, at, all) => all.findIndex((other) => other.code === code) === at)
          .map(({ code: number, about }) => [String(number), about]),
        ['1003', 'the client sent a message; the gateway accepts none'],
        ['1009', 'the client sent a message that is too large'],
      ],
    ),
  ];
}

function operation(route, link) {
  const { operation: name, method, path, summary, description = '', access, body, changes } = route;
  const notes = [
    access === 'open' ? 'Needs no key.' : `Needs ${code(access)}.`,
    ...(changes ? ['Recorded in the audit trail.'] : []),
  ];
  return [
    `#### ${name}`,
    `${code(`${method.toUpperCase()} ${path}`)}: ${summary}. ${notes.join(' ')}`,
    description,
    parameters(route),
    body === undefined ? '' : `Body${body.required ? '' : ' (optional)'}: ${shapeWords(body.schema, link)}.`,
    table(['status', 'response'], responses(route, link)),
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
    $ref === undefined ? '' : `See [${$ref.split('/').at(-1)}](#${anchor($ref.split('/').at(-1))}).`,
    fallback === undefined ? '' : `Default ${code(fallback)}.`,
  ];
  return words.filter((word) => word !== '').join(' ');
}

function responses(route, link) {
  const successes = Object.entries(route.responses).map(([status, { description, content = {}, headers = {} }]) => {
    const shapes = Object.entries(content).map(([type, schema]) =>
      type === 'application/json' ? shapeWords(schema, link) : code(type),
    );
    const named = Object.keys(headers).length === 0 ? '' : ` Headers: ${Object.keys(headers).map(code).join(', ')}.`;
    return [status, `${description}${shapes.length === 0 ? '' : ` ${shapes.join(' or ')}.`}${named}`];
  });
  const errors = route.errors.map((name) => [
    String(errorCodes[name].http),
    `${code(name)}: ${errorCodes[name].about}`,
  ]);
  return [...successes, ...errors];
}

function shapeWords(schema, link) {
  const { $id } = schema;
  return $id === undefined ? 'JSON' : link($id);
}

/** The named schemas of requests and responses, by name. */
function collectComponents() {
  const found = new Map();
  const add = (schema) => {
    const { root, definitions } = plainSchema(schema);
    if (schema.$id !== undefined) found.set(schema.$id, root);
    for (const [name, definition] of definitions) found.set(name, definition);
  };
  for (const { body, query, responses: replies } of routes) {
    if (body !== undefined) add(body.schema);
    if (query !== undefined) add(query);
    for (const { content = {} } of Object.values(replies)) for (const schema of Object.values(content)) add(schema);
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1));
}

function shape(schema, link) {
  if (schema.enum !== undefined) return `One of ${schema.enum.map(code).join(', ')}.`;
  return fieldTable(schema, (name) => link(name));
}

const knownKeys = "known: 'input_data', 'timeout', 'idempotency_key', 'instance_id', 'correlation_id' and 'metadata'";

/** What `{"input": 1}` for start_run gets; tests/gateway/requests.test.ts compares it. */
const sampleProblem = {
  type: 'urn:llmteam:error:REQUEST_INVALID',
  title: errorCodes.REQUEST_INVALID.about,
  status: 400,
  code: 'REQUEST_INVALID',
  detail: `body /input: unknown key 'input'; ${knownKeys}`,
  problems: [
    {
      in: 'body',
      severity: 'error',
      code: 'UNKNOWN_FIELD',
      message: `body: unknown key 'input'; ${knownKeys}`,
      path: '/input',
    },
  ],
};
