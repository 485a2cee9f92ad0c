import { LlmteamError } from '@llmteam/contracts';

/** The largest port value plus the protocol's overhead per token. */
const largestResponseBytes = 32 * 1024 * 1024;

/** `fetch` with a size limit and without redirects: the prompt must reach the configured service only. */
export async function boundedFetch(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  if (response.body === null) return response;
  const { status, statusText, headers } = response;
  const bounded = new Response(response.body.pipeThrough(byteCap(largestResponseBytes)), {
    status,
    statusText,
    headers,
  });
  return response.ok && isJson(headers) && isEventStream(init) ? asEvent(await bounded.text()) : bounded;
}

/** Whether the SDK asks for a stream. */
function isEventStream(init: RequestInit | undefined): boolean {
  return typeof init?.body === 'string' && (JSON.parse(init.body) as { readonly stream?: unknown }).stream === true;
}

function isJson(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('application/json') === true;
}

/** JSON instead of a stream, such as an error with status 200: the SDK would see a stream without events. */
function asEvent(json: string): Response {
  const lines = json.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return new Response(`${lines.join('')}\n`, { headers: { 'content-type': 'text/event-stream' } });
}

function byteCap(most: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes <= most) controller.enqueue(chunk);
      else
        controller.error(
          new LlmteamError('LLM_FAILED', `the answer is larger than ${most} bytes`, { recoverable: false }),
        );
    },
  });
}
