import type { Response as Received } from 'undici';

export interface ResponseFrame {
  /** Of the last request. */
  readonly url: URL;
  readonly isRedirected: boolean;
  /** Ends the body with its reason. */
  readonly signal: AbortSignal;
  /** The error of a body that broke off. */
  readonly failure: (thrown: unknown) => Error;
  /** Called once the body has ended or is not wanted any more. */
  readonly release: () => void;
}

/** A response of this process's own class `Response`, which the HTTP client's is not. Its body is streamed as it is read. */
export function standardResponse(received: Received, frame: ResponseFrame): Response {
  const { status, statusText, headers } = received;
  const body = received.body as ReadableStream<Uint8Array> | null;
  if (body === null) frame.release();
  const response = new Response(body && streamedBody(body, frame), { status, statusText, headers: [...headers] });
  return Object.defineProperties(response, {
    url: { value: frame.url.href },
    redirected: { value: frame.isRedirected },
  });
}

function streamedBody(
  source: ReadableStream<Uint8Array>,
  { signal, failure, release }: ResponseFrame,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const giveUp = async (reason: unknown) => {
    release();
    await reader.cancel(reason).catch(() => undefined);
  };
  return new ReadableStream({
    type: 'bytes',
    start(controller) {
      const end = () => {
        controller.error(signal.reason);
        void giveUp(signal.reason);
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    },
    async pull(controller) {
      const chunk = await reader.read().catch((thrown: unknown) => {
        release();
        throw failure(thrown);
      });
      if (signal.aborted) return;
      if (!chunk.done) return controller.enqueue(chunk.value);
      release();
      controller.close();
      // A read into a buffer of the reader's own waits for an answer even at the end.
      (controller as unknown as { byobRequest?: ReadableStreamBYOBRequest | null }).byobRequest?.respond(0);
    },
    cancel: giveUp,
  });
}
