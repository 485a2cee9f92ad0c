/** Builds the OpenAPI 3.1 document from the route table and the schemas. */
import { type Code, errorCodes, ProblemDetails, type StepTypeMetadata } from '@llmteam/contracts';
import type { TSchema } from 'typebox';
import type { ResponseRule, Route } from '../routes/route.js';
import { examples } from './examples.js';
import { namedSchema, type PlainSchema } from './plain-schema.js';
import { headersOf, responseHeaders } from './response-headers.js';
import { stepSchemas } from './step-schemas.js';

type Part = Record<string, unknown>;

const tags: Readonly<Record<Route['tag'], string>> = {
  runs: 'Starting runs, looking at them, following and controlling them.',
  tasks: 'What runs ask people.',
  segments: 'Workflows: graphs of steps.',
  catalog: 'Step types that segments may use.',
  access: 'API keys of the tenant, and what was changed with them.',
  service: 'The gateway itself. Needs no key.',
};

const requestId: Part = {
  name: 'X-Request-Id',
  in: 'header',
  required: false,
  description: 'An id for the request, which the response and the log repeat; other values are replaced.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' },
};

/** Error codes that every route can return. */
const anyRoute: readonly Code[] = [
  'REQUEST_INVALID',
  'HOST_INVALID',
  'HOST_NOT_ALLOWED',
  'EXPECTATION_FAILED',
  'REQUEST_TIMEOUT',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
  'NOT_READY',
];
const keyedRoute: readonly Code[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'STORE_FULL',
  'STORE_FAILED',
  'STORE_CORRUPT',
  'BACKEND_UNREACHABLE',
  'BLOB_MISSING',
  'CLOSED',
];
const bodyRoute: readonly Code[] = ['REQUEST_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'];

/** `types`: the step types whose configs are described, those that come with LLMTeam. */
export function openapiDocument(
  routes: readonly Route[],
  version: string,
  types: readonly StepTypeMetadata[] = [],
): Part {
  const components = new Map<string, PlainSchema>();
  const paths: Record<string, Part> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, components) };
  }
  for (const [name, schema] of Object.entries(stepSchemas(types))) components.set(name, schema);
  return {
    openapi: '3.1.1',
    info: {
      title: 'LLMTeam',
      version,
      summary: 'Starts, follows and controls durable AI workflows.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The gateway this document comes from.' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    security: [{ api_key: [] }],
    paths,
    components: {
      securitySchemes: {
        api_key: { type: 'http', scheme: 'bearer', description: 'An API key: `llmteam keys create`.' },
      },
      parameters: { RequestId: requestId },
      headers: responseHeaders,
      schemas: Object.fromEntries([...components].sort(([one], [other]) => (one < other ? -1 : 1))),
    },
  };
}

/** Every error code a route can return. */
export function codesOf(route: Route): readonly Code[] {
  const keyed = route.access === 'open' ? [] : keyedRoute;
  const body = route.body === undefined ? [] : bodyRoute;
  return [...new Set([...route.errors, ...anyRoute, ...keyed, ...body])];
}

function operationOf(route: Route, components: Map<string, PlainSchema>): Part {
  const responses = Object.entries(route.responses).map(([status, rule]) => [
    status,
    responseOf(status, rule, route, components),
  ]);
  const body = route.body === undefined ? {} : { requestBody: bodyOf(route.body, components) };
  return {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description.replaceAll('\n', ' ') }),
    ...(route.access === 'open' ? { security: [] } : { 'x-permission': route.access }),
    'x-rate-class': route.rate,
    parameters: parametersOf(route, components),
    ...body,
    responses: Object.fromEntries([...responses, ...problemsOf(route, components)]),
  };
}

function parametersOf({ params = {}, query, headers = {} }: Route, components: Map<string, PlainSchema>): Part[] {
  const one = (name: string, where: string, required: boolean, schema: TSchema, description?: string): Part => {
    const { description: own, ...rest } = namedSchema(schema, components);
    const style = rest.type === 'object' ? { style: 'deepObject', explode: true } : {};
    return { name, in: where, required, description: description ?? own ?? name, ...style, schema: rest };
  };
  const fields = (query as { readonly properties?: Record<string, TSchema> } | undefined)?.properties ?? {};
  return [
    { $ref: '#/components/parameters/RequestId' },
    ...Object.entries(params).map(([name, { schema, description }]) => one(name, 'path', true, schema, description)),
    ...Object.entries(fields).map(([name, schema]) => one(name, 'query', false, schema)),
    ...Object.entries(headers).map(([name, { schema, description }]) =>
      one(name, 'header', false, schema, description),
    ),
  ];
}

function bodyOf({ schema, required }: NonNullable<Route['body']>, components: Map<string, PlainSchema>): Part {
  return { required, content: { 'application/json': mediaOf(schema, components) } };
}

/** A media type with its example, if its schema has a name. */
function mediaOf(schema: TSchema, components: Map<string, PlainSchema>): Part {
  const { $id } = schema as { readonly $id?: string };
  const example = $id === undefined ? undefined : examples[$id];
  return { schema: namedSchema(schema, components), ...(example !== undefined && { example }) };
}

function responseOf(
  status: string,
  { description, content = {}, headers = {} }: ResponseRule,
  route: Route,
  components: Map<string, PlainSchema>,
): Part {
  const media = Object.entries(content).map(([type, schema]) => [type, mediaOf(schema, components)]);
  return {
    description,
    headers: headersOf(status, Object.keys(headers), route.rate !== 'open'),
    ...(media.length > 0 && { content: Object.fromEntries(media) }),
  };
}

/** One response per status, with the codes it can carry. */
function problemsOf(route: Route, components: Map<string, PlainSchema>): [string, Part][] {
  return [...grouped(codesOf(route))].map(([status, codes]): [string, Part] => {
    const own = route.responses[Number(status)];
    const description = codes.map((code) => `\`${code}\`: ${errorCodes[code].about}`).join(' ');
    const problem = { 'application/problem+json': problemOf(codes, components) };
    const headers = headersOf(status, [], route.rate !== 'open');
    if (own === undefined) return [status, { description, headers, content: problem }];
    const { content } = responseOf(status, own, route, components) as { content?: Part };
    return [status, { description: `${own.description} ${description}`, headers, content: { ...content, ...problem } }];
  });
}

/** A problem document with one of some codes. */
function problemOf(codes: readonly Code[], components: Map<string, PlainSchema>): Part {
  const [code = 'INTERNAL'] = codes;
  const { http: status, about } = errorCodes[code];
  return {
    schema: {
      allOf: [
        namedSchema(ProblemDetails, components),
        { type: 'object', properties: { code: { type: 'string', enum: codes } }, required: ['code'] },
      ],
    },
    example: { type: `urn:llmteam:error:${code}`, title: about, status, code, detail: about },
  };
}

function statusOf(code: Code): string {
  return String(errorCodes[code].http);
}

function grouped(codes: readonly Code[]): Map<string, Code[]> {
  const groups = new Map<string, Code[]>();
  for (const code of codes) groups.set(statusOf(code), [...(groups.get(statusOf(code)) ?? []), code]);
  return groups;
}
