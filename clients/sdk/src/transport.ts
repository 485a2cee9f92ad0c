import { ApiError, errorOf, foreignResponse } from './api-error.js';

export interface ClientOptions {
  /** URL of the gateway, e.g. `https://llmteam.example.com`; a trailing `/` or `/api/v1` is ignored. */
  readonly url: string;
  /** An API key. */
  readonly key: string;
  /** Defaults to the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A list is repeated, an object is given member by member. */
type QueryValue = string | number | readonly string[] | Readonly<Record<string, string>> | undefined;

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** JSON text sent verbatim, so that line numbers in problems refer to it. */
  readonly text?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sends authenticated requests. Non-2xx responses are thrown as {@link ApiError}. */
export class Transport {
  private readonly url: string;
  private readonly fetch: typeof globalThis.fetch;

  constructor(private readonly options: ClientOptions) {
    this.url = baseOf(options.url);
    this.fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  async json<T>(path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.send(path, options);
    return (response.status === 204 ? undefined : await this.bodyOf(response)) as T;
  }

  /** @throws ApiError */
  async send(
    path: string,
    { method = 'GET', query = {}, headers = {}, signal, ...content }: RequestOptions,
  ): Promise<Response> {
    const sent = new Headers({ Authorization: `Bearer ${this.options.key}` });
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent.set(name, value);
    const body = content.text ?? (content.body === undefined ? undefined : JSON.stringify(content.body));
    if (body !== undefined) sent.set('Content-Type', 'application/json');
    const request: RequestInit = { method, headers: sent };
    if (body !== undefined) request.body = body;
    if (signal !== undefined) request.signal = signal;
    let response: Response;
    try {
      response = await this.fetch(this.url + path + searchOf(query), request);
    } catch (cause) {
      if (signal?.aborted === true) throw cause;
      throw this.unreachable(cause);
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  private async bodyOf(response: Response): Promise<unknown> {
    const text = await response.text().catch((cause: unknown) => {
      throw this.unreachable(cause);
    });
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw foreignResponse(response, 'is not JSON', cause);
    }
  }

  private unreachable(cause: unknown): ApiError {
    const detail = `the gateway at ${this.url} cannot be reached`;
    return new ApiError(0, { code: 'UNREACHABLE', detail }, { cause });
  }
}

export const api = '/api/v1';

/** Every path begins with `/api/v1`, so a URL copied with it must not repeat it. */
function baseOf(url: string): string {
  const base = withoutSlashes(url);
  return withoutSlashes(base.endsWith(api) ? base.slice(0, -api.length) : base);
}

function withoutSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end--;
  return url.slice(0, end);
}

function searchOf(query: NonNullable<RequestOptions['query']>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const [given, text] of parametersOf(name, value)) search.append(given, text);
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

function parametersOf(name: string, value: QueryValue): (readonly [name: string, text: string])[] {
  if (value === undefined) return [];
  if (typeof value !== 'object') return [[name, String(value)]];
  if (isList(value)) return value.map((one) => [name, one]);
  return Object.entries(value).map(([member, text]) => [`${name}[${member}]`, text]);
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value);
}
