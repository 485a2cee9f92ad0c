import type { Job } from '@llmteam/contracts';
import type { MsgHdrs } from '@nats-io/transport-node';
import type { HeaderTable } from './message-headers.js';

/** The trace of a job is in the headers of its message, where W3C Trace Context has it. Other jobs need no headers. */
export function traceHeaders({ traceparent, tracestate }: Job): HeaderTable | undefined {
  if (traceparent === undefined) return undefined;
  return { traceparent, ...(tracestate !== undefined && { tracestate }) };
}

export function withTrace(job: Job, headers: MsgHdrs | undefined): Job {
  const traceparent = headers?.get('traceparent') ?? '';
  if (traceparent === '') return job;
  const tracestate = headers?.get('tracestate') ?? '';
  return { ...job, traceparent, ...(tracestate !== '' && { tracestate }) };
}
