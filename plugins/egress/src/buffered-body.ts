import { LlmteamError } from '@llmteam/contracts';
import { fetchLimits } from './guarded-fetch-options.js';

/**
 * The whole body of a request, or null if it has none.
 * @throws LlmteamError `LIMIT_EXCEEDED`; the reason of the signal; whatever the body's stream fails with
 */
export async function bufferedBody(request: Request, place: string, signal: AbortSignal): Promise<Uint8Array | null> {
  if (request.body === null) return null;
  const reader = request.body.getReader();
  const cancel = () => void reader.cancel(signal.reason).catch(ignore);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await readAll(reader, place);
  } finally {
    signal.removeEventListener('abort', cancel);
    signal.throwIfAborted();
  }
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>, place: string): Promise<Uint8Array> {
  const limit = fetchLimits.bodyBytes;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    bytes += value.byteLength;
    if (bytes > limit) {
      void reader.cancel().catch(ignore);
      throw new LlmteamError('LIMIT_EXCEEDED', `the body of ${place} is larger than ${limit} bytes`);
    }
    chunks.push(value);
  }
}

function ignore(): void {
  // The stream is given up; how it takes that does not matter.
}
