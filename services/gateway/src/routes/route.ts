/**
 * Purpose: the shape of a route. One declaration drives routing, authorisation, limits, validation, the OpenAPI document and the page.
 */
import type { Code } from '@llmteam/contracts';
import type { Static, TSchema } from 'typebox';
import type { Principal } from '../keys/key-ring.js';
import type { Action } from '../keys/permissions.js';
import type { Services } from '../services.js';

/** What a request counts as among the tenant's limits. */
export type RateClass = 'open' | 'request' | 'start' | 'stream';

export interface PathParameter {
  readonly schema: TSchema;
  readonly description: string;
  /** The answer to an id that cannot exist is the same as to one that does not. */
  readonly unknown: Code;
}

export interface BodyRule<B extends TSchema> {
  readonly schema: B;
  readonly required: boolean;
  /** Default: the limit `body_bytes`. */
  readonly max: 'body_bytes' | 'segment_bytes';
  /** `text`: the handler reads the JSON itself, to say which line is wrong. */
  readonly read: 'json' | 'text';
}

export interface AnswerRule {
  readonly description: string;
  /** By media type; absent: no body. */
  readonly content?: Readonly<Record<string, TSchema>>;
  /** Headers beyond those of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiRequest<Q = unknown, B = unknown> {
  /** Whose request; of open routes nobody's. */
  readonly principal: Principal;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  /** The body as it came, if the route reads text. */
  readonly text: string;
  header(name: string): string | undefined;
  /** HEAD: the answer will have no body. */
  readonly isHead: boolean;
  readonly request_id: string;
  /** Aborts when the client goes away before it is answered. */
  leaving(): AbortSignal;
}

/** Takes over the response: an open stream. */
export type StreamAnswer = (response: import('node:http').ServerResponse, requestId: string) => void;

export interface ApiAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: unknown;
  /** Anything else. */
  readonly content?: { readonly type: string; readonly data: string | Buffer };
  readonly stream?: StreamAnswer;
  /** What is still to be waited for once the change is noted; its answer is given instead, unless it is null. */
  readonly later?: () => Promise<ApiAnswer | null>;
}

export interface RouteDeclaration<Q extends TSchema, B extends TSchema> {
  /** `operationId` */
  readonly operation: string;
  readonly method: 'get' | 'post' | 'delete';
  /** As OpenAPI writes it: `/api/v1/runs/{run_id}`. */
  readonly path: string;
  readonly tag: 'service' | 'catalog' | 'segments' | 'runs' | 'tasks';
  readonly summary: string;
  readonly description?: string;
  /** `open`: no key is asked for. */
  readonly access: 'open' | Action;
  readonly rate: RateClass;
  /** A WebSocket: requests without an upgrade are told so. */
  readonly isSocket?: boolean;
  readonly params?: Readonly<Record<string, PathParameter>>;
  readonly query?: Q;
  readonly headers?: Readonly<Record<string, { readonly schema: TSchema; readonly description: string }>>;
  readonly body?: BodyRule<B>;
  readonly answers: Readonly<Record<number, AnswerRule>>;
  /** Codes beyond those every route may answer with. */
  readonly errors: readonly Code[];
  /** It changes something: noted in the audit trail. */
  readonly changes: boolean;
  readonly handle: (request: ApiRequest<Static<Q>, Static<B>>, services: Services) => Promise<ApiAnswer>;
}

/** A route among others: what its own handler knows of types is checked where it is declared. */
export type Route = Omit<RouteDeclaration<TSchema, TSchema>, 'handle'> & {
  readonly handle: (request: ApiRequest, services: Services) => Promise<ApiAnswer>;
};

export function defineRoute<Q extends TSchema, B extends TSchema>(route: RouteDeclaration<Q, B>): Route {
  return route as unknown as Route;
}
