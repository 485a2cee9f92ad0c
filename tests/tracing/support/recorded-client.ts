export interface Asked {
  readonly operation: string;
  readonly status: number;
  readonly request_id: string;
  /** A long poll. */
  readonly isWaiting: boolean;
}

export type Ask = (
  operation: string,
  path: string,
  body?: object,
  headers?: Readonly<Record<string, string>>,
) => Promise<Response>;

/** A client of the gateway that keeps what it asked, with the names that the gateway has for it, and how that was answered. */
export function recordedClient(url: string, key: string): { readonly ask: Ask; readonly asked: readonly Asked[] } {
  const asked: Asked[] = [];
  const ask: Ask = async (operation, path, body, headers = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const requestId = response.headers.get('x-request-id') ?? '';
    asked.push({ operation, status: response.status, request_id: requestId, isWaiting: path.includes('wait=') });
    return response;
  };
  return { ask, asked };
}
