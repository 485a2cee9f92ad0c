import { isLlmteamError, LlmteamError } from '@llmteam/contracts';

export interface FailedFetch {
  /** Method and URL. */
  readonly place: string;
  readonly connectMs: number;
  /** Whether any of it may have arrived: the first byte was about to be written to a connection. */
  readonly isSent: boolean;
}

/** What the HTTP client threw, as an error with a code; `details.sent` says whether the request may have arrived. */
export function fetchFailure(thrown: unknown, { place, connectMs, isSent }: FailedFetch): LlmteamError {
  const chain = causes(thrown);
  const known = chain.find(isLlmteamError);
  if (known !== undefined && known.code !== 'HTTP_FAILED') return known;
  const options = { details: { ...known?.details, sent: isSent }, cause: thrown };
  if (known !== undefined) {
    return new LlmteamError(known.code, known.message, { ...options, recoverable: known.recoverable });
  }
  return new LlmteamError('HTTP_FAILED', `${place} failed: ${problemOf(chain, connectMs)}`, options);
}

function problemOf(chain: readonly unknown[], connectMs: number): string {
  const code = chain.map((error) => (error as { code?: unknown }).code).find((one) => typeof one === 'string');
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return `no connection within ${connectMs} ms`;
  const innermost = chain.at(-1);
  return code ?? (innermost instanceof Error ? innermost.message : 'unknown error');
}

/** The error and what caused it, outermost first. */
function causes(thrown: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let error = thrown; error instanceof Error && !chain.includes(error); error = error.cause) chain.push(error);
  return chain;
}
