import { ApiError, error_of } from './api-error.js';

export interface ClientOptions {
  /** Where the gateway is, e.g. `https://llmteam.example.com`. */
  readonly url: string;
  /** An API key. */
  readonly key: string;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** One request, with the key. Answers that are none of success are thrown as {@link ApiError}. */
export class Transport {
  private readonly url: string;
  private readonly fetch: typeof globalThis.fetch;

  constructor(private readonly options: ClientOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  async json<T>(path: string, ask: Ask = {}): Promise<T> {
    const response = await this.send(path, ask);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** @throws ApiError */
  async send(path: string, { method = 'GET', query = {}, headers = {}, body, signal }: Ask): Promise<Response> {
    const sent = new Headers({ Authorization: `Bearer ${this.options.key}` });
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent.set(name, value);
    if (body !== undefined) sent.set('Content-Type', 'application/json');
    const request: RequestInit = { method, headers: sent };
    if (body !== undefined) request.body = JSON.stringify(body);
    if (signal !== undefined) request.signal = signal;
    let response: Response;
    try {
      response = await this.fetch(this.url + path + search_of(query), request);
    } catch (cause) {
      if (signal?.aborted === true) throw cause;
      throw new ApiError(0, { code: 'UNREACHABLE', detail: `the gateway at ${this.url} cannot be reached` }, { cause });
    }
    if (!response.ok) throw await error_of(response);
    return response;
  }
}

function search_of(query: NonNullable<Ask['query']>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
