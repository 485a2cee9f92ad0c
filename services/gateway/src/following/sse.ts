import type { ApiAnswer, ApiRequest } from '../routes/route.js';
import type { Services } from '../services.js';
import { SseOutlet } from './sse-outlet.js';

/** The events of a run as a stream. `is_resumed`: the client has seen what comes before. @throws LlmteamError `RUN_UNKNOWN`, `RATE_LIMITED` */
export async function stream_events(
  { principal, params: { run_id = '' }, leaving }: ApiRequest,
  from_seq: number,
  is_resumed: boolean,
  { streams }: Services,
): Promise<ApiAnswer> {
  const prepared = await streams.prepare(principal, { tenant_id: principal.tenant_id, run_id }, from_seq);
  const { follower } = prepared.run;
  const is_over = follower.has_ended && from_seq > follower.last_seq;
  if (leaving().aborted || (is_resumed && is_over)) {
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
