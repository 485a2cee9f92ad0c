/**
 * Purpose: checks a request against the schemas its route declares.
 * Owns: turning schema errors into problems with JSON Pointers. Schemas are compiled once.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type Json, type JsonObject, LlmteamError, type RequestProblem } from '@llmteam/contracts';
import { addFormats, makeAjv, validateValue } from '@llmteam/kernel';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { TSchema } from 'typebox';
import { requestInvalid } from '../errors/request-invalid.js';
import { plainSchema } from '../openapi/plain-schema.js';
import type { Route } from '../routes/route.js';
import { readQuery } from './query-string.js';

const made = new WeakMap<Route, RequestChecks>();

/** Compiled once per process, on the first request to the route: it takes longer than checking a thousand requests, and memory. */
export function checksOf(route: Route): RequestChecks {
  const known = made.get(route) ?? new RequestChecks(route);
  made.set(route, known);
  return known;
}

export class RequestChecks {
  private readonly params: ReadonlyMap<string, ValidateFunction>;
  private readonly query: ValidateFunction;
  /** Query parameters that are numbers. */
  private readonly numbers: ReadonlySet<string>;
  private readonly headers: ReadonlyMap<string, ValidateFunction>;
  private readonly body: JsonObject | null;

  constructor(private readonly route: Route) {
    const ajv = addFormats(makeAjv({ allErrors: true, strict: false, useDefaults: true }));
    const compile = (schema: TSchema): ValidateFunction => ajv.compile(plainSchema(schema));
    this.params = new Map(Object.entries(route.params ?? {}).map(([name, { schema }]) => [name, compile(schema)]));
    this.headers = new Map(Object.entries(route.headers ?? {}).map(([name, { schema }]) => [name, compile(schema)]));
    this.query = ajv.compile(route.query === undefined ? noKeys : plainSchema(route.query));
    this.numbers = numericFields(route.query);
    this.body = route.body === undefined ? null : (plainSchema(route.body.schema) as JsonObject);
  }

  /** An id of the wrong form is treated as unknown. @throws LlmteamError with the code the route declares */
  checkParams(params: Readonly<Record<string, string>>): void {
    for (const [name, validate] of this.params) {
      if (!validate(params[name])) throw new LlmteamError(this.route.params?.[name]?.unknown ?? 'ROUTE_UNKNOWN', name);
    }
  }

  /** Returns the query with numbers parsed and defaults applied. @throws LlmteamError `REQUEST_INVALID` */
  checkQuery(search: URLSearchParams): JsonObject {
    const { query, repeated } = readQuery(search, this.route.query);
    const problems = repeated.map((name) => problem('query', `/${name}`, 'DUPLICATE_ID', 'is given more than once'));
    for (const [name, value] of Object.entries(query)) {
      if (this.numbers.has(name) && typeof value === 'string') query[name] = numberOrText(value);
    }
    if (!this.query(query)) problems.push(...(this.query.errors ?? []).map((error) => ofAjv('query', error)));
    if (problems.length > 0) throw requestInvalid(problems);
    return { ...query };
  }

  /** @throws LlmteamError `REQUEST_INVALID` */
  checkHeaders(headers: IncomingHttpHeaders): void {
    const problems: RequestProblem[] = [];
    for (const [name, validate] of this.headers) {
      const value = headers[name.toLowerCase()];
      if (value === undefined || validate(value)) continue;
      const message = validate.errors?.[0]?.message ?? 'is not valid';
      problems.push(problem('header', `/${name.toLowerCase()}`, 'SCHEMA_VIOLATION', message));
    }
    if (problems.length > 0) throw requestInvalid(problems);
  }

  /** @throws LlmteamError `REQUEST_INVALID` */
  checkBody(body: Json): void {
    if (this.body === null) return;
    const problems = validateValue(this.body, body, 'body');
    if (problems.length > 0) throw requestInvalid(problems.map((found) => ({ in: 'body', ...found })));
  }
}

function numericFields(query: TSchema | undefined): Set<string> {
  const { properties = {} } = (query ?? {}) as { readonly properties?: Record<string, { readonly type?: unknown }> };
  const fields = Object.entries(properties).filter(([, { type }]) => type === 'integer' || type === 'number');
  return new Set(fields.map(([name]) => name));
}

/** Only the usual spelling of a number is one: `1e2`, `0x10`, `+5`, `5.0` and ` 5` stay text, which the schema refuses. */
function numberOrText(text: string): string | number {
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : text;
}

const noKeys = { type: 'object', additionalProperties: false };

function ofAjv(
  where: 'query',
  { keyword, instancePath, params, message = 'is not valid' }: ErrorObject,
): RequestProblem {
  if (keyword === 'additionalProperties') {
    return problem(
      where,
      `/${String(params.additionalProperty)}`,
      'UNKNOWN_FIELD',
      'is not a parameter of this operation',
    );
  }
  if (keyword === 'required') {
    return problem(where, `/${String(params.missingProperty)}`, 'MISSING_FIELD', 'is missing');
  }
  const values = keyword === 'enum' ? `: ${(params.allowedValues as unknown[]).join(', ')}` : '';
  // The parameter, also if it is one of several values of it that is wrong.
  const path = instancePath.replace(/\/[0-9]+$/, '');
  return problem(where, path, keyword === 'type' ? 'INVALID_TYPE' : 'SCHEMA_VIOLATION', message + values);
}

function problem(
  where: NonNullable<RequestProblem['in']>,
  path: string,
  code: string,
  message: string,
): RequestProblem {
  return { in: where, severity: 'error', code, message, path };
}
