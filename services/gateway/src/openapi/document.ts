/** The OpenAPI 3.1 document, from the route table and the schemas. */
import { type Code, error_codes, ProblemDetails } from '@llmteam/contracts';
import type { TSchema } from 'typebox';
import type { AnswerRule, Route } from '../routes/route.js';
import { named_schema, type PlainSchema } from './plain-schema.js';

type Part = Record<string, unknown>;

const tags: Readonly<Record<Route['tag'], string>> = {
  runs: 'Starting runs, looking at them, following and controlling them.',
  tasks: 'What runs ask people.',
  segments: 'Workflows: graphs of steps.',
  catalog: 'Step types that segments may use.',
  service: 'The gateway itself. Needs no key.',
};

/** Codes that any route may answer with, whatever it does. */
const any_route: readonly Code[] = ['REQUEST_INVALID', 'REQUEST_TIMEOUT', 'HEADERS_TOO_LARGE', 'INTERNAL', 'NOT_READY'];
const keyed_route: readonly Code[] = ['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED', 'STORE_FULL'];
const body_route: readonly Code[] = ['REQUEST_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'];

export function openapi_document(routes: readonly Route[], version: string): Part {
  const components = new Map<string, PlainSchema>();
  const paths: Record<string, Part> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation_of(route, components) };
  }
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
      schemas: Object.fromEntries([...components].sort(([one], [other]) => (one < other ? -1 : 1))),
    },
  };
}

/** Every code a route may answer with. */
export function codes_of(route: Route): readonly Code[] {
  const keyed = route.access === 'open' ? [] : keyed_route;
  const body = route.body === undefined ? [] : body_route;
  return [...new Set([...route.errors, ...any_route, ...keyed, ...body])];
}

function operation_of(route: Route, components: Map<string, PlainSchema>): Part {
  const answers = Object.entries(route.answers).map(([status, rule]) => [status, answer_of(rule, components)]);
  const body = route.body === undefined ? {} : { requestBody: body_of(route.body, components) };
  return {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description.replaceAll('\n', ' ') }),
    ...(route.access === 'open' ? { security: [] } : { 'x-permission': route.access }),
    'x-rate-class': route.rate,
    parameters: parameters_of(route, components),
    ...body,
    responses: Object.fromEntries([...answers, ...problems_of(route, components)]),
  };
}

function parameters_of({ params = {}, query, headers = {} }: Route, components: Map<string, PlainSchema>): Part[] {
  const one = (name: string, where: string, required: boolean, schema: TSchema, description?: string): Part => {
    const { description: own, ...rest } = named_schema(schema, components);
    return { name, in: where, required, description: description ?? own ?? name, schema: rest };
  };
  const fields = (query as { readonly properties?: Record<string, TSchema> } | undefined)?.properties ?? {};
  return [
    ...Object.entries(params).map(([name, { schema, description }]) => one(name, 'path', true, schema, description)),
    ...Object.entries(fields).map(([name, schema]) => one(name, 'query', false, schema)),
    ...Object.entries(headers).map(([name, { schema, description }]) =>
      one(name, 'header', false, schema, description),
    ),
  ];
}

function body_of({ schema, required }: NonNullable<Route['body']>, components: Map<string, PlainSchema>): Part {
  return { required, content: { 'application/json': { schema: named_schema(schema, components) } } };
}

function answer_of(
  { description, content = {}, headers = {} }: AnswerRule,
  components: Map<string, PlainSchema>,
): Part {
  const media = Object.entries(content).map(([type, schema]) => [type, { schema: named_schema(schema, components) }]);
  const named = Object.entries(headers).map(([name, about]) => [
    name,
    { description: about, schema: { type: 'string' } },
  ]);
  return {
    description,
    ...(named.length > 0 && { headers: Object.fromEntries(named) }),
    ...(media.length > 0 && { content: Object.fromEntries(media) }),
  };
}

/** One answer per status, with the codes it may carry. */
function problems_of(route: Route, components: Map<string, PlainSchema>): [string, Part][] {
  const by_status = grouped(codes_of(route));
  const problem = { 'application/problem+json': { schema: named_schema(ProblemDetails, components) } };
  return [...by_status].flatMap(([status, codes]): [string, Part][] => {
    const own = route.answers[Number(status)];
    const description = codes.map((code) => `\`${code}\`: ${error_codes[code].about}`).join(' ');
    if (own === undefined) return [[status, { description, content: problem }]];
    const { content } = answer_of(own, components) as { content?: Part };
    return [[status, { description: `${own.description} ${description}`, content: { ...content, ...problem } }]];
  });
}

function status_of(code: Code): string {
  return String(error_codes[code].http);
}

function grouped(codes: readonly Code[]): Map<string, Code[]> {
  const groups = new Map<string, Code[]>();
  for (const code of codes) groups.set(status_of(code), [...(groups.get(status_of(code)) ?? []), code]);
  return groups;
}
