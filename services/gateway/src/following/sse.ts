import type { ApiAnswer, ApiRequest } from '../routes/route.js';
import type { Services } from '../services.js';
import { SseOutlet } from './sse-outlet.js';

/** The events of a run as a stream. `isResumed`: the client has seen what comes before. @throws LlmteamError `RUN_UNKNOWN`, `RATE_LIMITED` */
export async function streamEvents(
  { principal, params: { run_id = '' }, leaving }: ApiRequest,
  fromSeq: number,
  isResumed: boolean,
  { streams }: Services,
): Promise<ApiAnswer> {
  const prepared = await streams.prepare(principal, { tenant_id: principal.tenant_id, run_id }, fromSeq);
  const { follower } = prepared.run;
  const isOver = follower.hasEnded && fromSeq > follower.lastSeq;
  if (leaving().aborted || (isResumed && isOver)) {
    prepared.release();
    return { status: 204 };
  }
  return {
    status: 200,
    stream: (response) => {
      const reader = prepared.begin(new SseOutlet(response));
      response.on('drain', () => reader.drained());
      response.once('close', () => reader.close('gone'));
    },
  };
}
