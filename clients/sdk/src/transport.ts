import { ApiError, errorOf, foreignAnswer } from './api-error.js';

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
  /** Sent as JSON. */
  readonly body?: unknown;
  /** JSON that is sent as it stands, so that lines in problems are its lines. */
  readonly text?: string | undefined;
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
    return (response.status === 204 ? undefined : await this.bodyOf(response)) as T;
  }

  /** @throws ApiError */
  async send(path: string, { method = 'GET', query = {}, headers = {}, signal, ...ask }: Ask): Promise<Response> {
    const sent = new Headers({ Authorization: `Bearer ${this.options.key}` });
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent.set(name, value);
    const body = ask.text ?? (ask.body === undefined ? undefined : JSON.stringify(ask.body));
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
      throw foreignAnswer(response, 'is not JSON', cause);
    }
  }

  private unreachable(cause: unknown): ApiError {
    const detail = `the gateway at ${this.url} cannot be reached`;
    return new ApiError(0, { code: 'UNREACHABLE', detail }, { cause });
  }
}

function searchOf(query: NonNullable<Ask['query']>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
