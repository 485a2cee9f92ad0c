/** The shape of a route. One declaration drives routing, authorisation, limits, validation, the OpenAPI document and the API reference. */
import type { Code } from '@llmteam/contracts';
import type { RequestingSpan } from '@llmteam/kernel';
import type { Static, TSchema } from 'typebox';
import type { PreparedStream } from '../following/streams.js';
import type { Principal } from '../keys/key-ring.js';
import type { Action } from '../keys/permissions.js';
import type { RouteServices } from './route-services.js';

/** Which of the tenant's limits a request counts against. */
export type RateClass = 'open' | 'request' | 'start' | 'stream';

export interface PathParameter {
  readonly schema: TSchema;
  readonly description: string;
  /** The code for an id of the wrong form, the same as for an id that does not exist. */
  readonly unknown: Code;
}

export interface BodyRule<B extends TSchema> {
  readonly schema: B;
  readonly required: boolean;
  /** The limit that applies to the body. */
  readonly max: 'body_bytes' | 'segment_bytes';
  /** `text`: the handler parses the JSON itself, to report line numbers. */
  readonly read: 'json' | 'text';
}

export interface ResponseRule {
  readonly description: string;
  /** By media type; absent if there is no body. */
  readonly content?: Readonly<Record<string, TSchema>>;
  /** Headers besides those of every response. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiRequest<Q = unknown, B = unknown> {
  /** The caller; on open routes an anonymous one. */
  readonly principal: Principal;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  /** The body as received, if the route reads text. */
  readonly text: string;
  header(name: string): string | undefined;
  /** A HEAD request: the response has no body. */
  readonly isHead: boolean;
  /** The span of the request; absent if it is not traced. */
  readonly span: RequestingSpan | undefined;
  /** Aborts when the client disconnects before the response is sent. */
  leaving(): AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The same, as text. */
  readonly json?: string;
  /** Any other media type. */
  readonly content?: { readonly type: string; readonly data: string | Buffer };
  /** Sent as server-sent events. */
  readonly stream?: PreparedStream;
  /** What the audit trail names instead of the path of the request. */
  readonly target?: string;
  /** Awaited once the change is in the audit trail; its response, unless null, replaces this one. */
  readonly later?: () => Promise<ApiResponse | null>;
}

export interface RouteDeclaration<Q extends TSchema, B extends TSchema> {
  /** The OpenAPI `operationId`. */
  readonly operation: string;
  readonly method: 'get' | 'post' | 'delete';
  /** In OpenAPI syntax: `/api/v1/runs/{run_id}`. */
  readonly path: string;
  readonly tag: 'service' | 'catalog' | 'segments' | 'runs' | 'tasks' | 'access';
  readonly summary: string;
  readonly description?: string;
  /** `open`: no API key is required. */
  readonly access: 'open' | Action;
  readonly rate: RateClass;
  /** A WebSocket endpoint: requests without an upgrade are refused. */
  readonly isSocket?: boolean;
  readonly params?: Readonly<Record<string, PathParameter>>;
  readonly query?: Q;
  readonly headers?: Readonly<Record<string, { readonly schema: TSchema; readonly description: string }>>;
  readonly body?: BodyRule<B>;
  readonly responses: Readonly<Record<number, ResponseRule>>;
  /** Error codes besides those of every route. */
  readonly errors: readonly Code[];
  /** Whether the operation changes something and is recorded in the audit trail. */
  readonly changes: boolean;
  readonly handle: (request: ApiRequest<Static<Q>, Static<B>>, services: RouteServices) => Promise<ApiResponse>;
}

/** A route in the table. The types of its query and body are checked where it is declared. */
export type Route = Omit<RouteDeclaration<TSchema, TSchema>, 'handle'> & {
  readonly handle: (request: ApiRequest, services: RouteServices) => Promise<ApiResponse>;
};

export function defineRoute<Q extends TSchema, B extends TSchema>(route: RouteDeclaration<Q, B>): Route {
  return route as unknown as Route;
}
