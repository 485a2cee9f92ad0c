import { LlmteamError } from '@llmteam/contracts';

/** The largest port value plus the protocol's overhead per token. */
const largestResponseBytes = 32 * 1024 * 1024;

/** `fetch` with a size limit and without redirects: the prompt must reach the configured service only. */
export async function boundedFetch(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  if (response.body === null) return response;
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(byteCap(largestResponseBytes)), { status, statusText, headers });
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
