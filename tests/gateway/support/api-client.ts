import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { AnswerChecker } from './answer-checker.js';

export type Body = Readonly<Record<string, unknown>>;

export interface ApiResponse<T = Body> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The JSON body, checked against the document; an empty object if the body is not JSON. */
  readonly json: T;
}

export interface RequestOptions {
  readonly key?: string | null;
  /** Sent as JSON; a string or bytes verbatim. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** The HTTP client of the gateway tests: checks every response against the OpenAPI document. */
export class ApiClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 32 });

  constructor(
    readonly port: number,
    private readonly checker: AnswerChecker,
    private readonly key: string | null,
  ) {}

  get<T = Body>(path: string, options: RequestOptions = {}): Promise<ApiResponse<T>> {
    return this.send('GET', path, options);
  }

  post<T = Body>(path: string, body?: unknown, options: RequestOptions = {}): Promise<ApiResponse<T>> {
    return this.send('POST', path, { ...options, ...(body !== undefined && { body }) });
  }

  delete<T = Body>(path: string, options: RequestOptions = {}): Promise<ApiResponse<T>> {
    return this.send('DELETE', path, options);
  }

  async send<T = Body>(method: string, path: string, options: RequestOptions = {}): Promise<ApiResponse<T>> {
    const response = await this.exchange<T>(method, path, options);
    this.checker.check(method, path, response);
    return response;
  }

  /** A CORS preflight, which is not an operation of the document. */
  exchangeOptions(path: string, headers: Readonly<Record<string, string>>): Promise<ApiResponse> {
    return this.exchange('OPTIONS', path, { headers, key: null });
  }

  private exchange<T = Body>(method: string, path: string, { key = this.key, body, headers = {} }: RequestOptions) {
    const bytes = bytesOf(body);
    const sent: Record<string, string> = {};
    if (key !== null) sent.Authorization = `Bearer ${key}`;
    if (bytes !== null) Object.assign(sent, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent[name] = value;
    return new Promise<ApiResponse<T>>((resolve, reject) => {
      const { agent, port } = this;
      const asked = request({ host: '127.0.0.1', port, method, path, headers: sent, agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const sentBack = Buffer.concat(chunks);
          const isZipped = answer.headers['content-encoding'] === 'gzip' && sentBack.length > 0;
          const text = (isZipped ? gunzipSync(sentBack) : sentBack).toString();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: jsonOf(text) as T });
        });
      });
      asked.on('error', reject);
      asked.end(bytes ?? undefined);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

function bytesOf(body: unknown): Buffer | null {
  if (body === undefined) return null;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
