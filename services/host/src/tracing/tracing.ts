/** Purpose: whether and where a process exports spans, as the configuration says. */
import type { Logger } from '@llmteam/contracts';
import type { SpanExport } from '@llmteam/kernel';
import type { Config } from '../config.js';
import { reveal } from '../secrets.js';

export interface Tracing {
  /** Where the spans of runs go; absent if tracing is off. */
  readonly spanExport?: SpanExport;
  /** Whether a run that begins a trace is sampled. */
  samples(traceId: string): boolean;
  /** Whether spans of model calls tell prompts and answers. */
  readonly recordsContent: boolean;
  /** Where people look at a trace, with `{trace_id}` in it. */
  readonly traceUrl?: string | undefined;
  /** Spans that were dropped, because they could not be delivered. */
  lostSpans(): number;
  /** Exports what is left. */
  close(): Promise<void>;
}

export interface TracedService {
  readonly name: string;
  readonly instance?: string;
}

export const noTracing: Tracing = {
  samples: () => false,
  recordsContent: false,
  lostSpans: () => 0,
  close: async () => undefined,
};

/** @throws LlmteamError `CONFIG_INVALID` if a variable that the headers name is not set */
export async function openTracing(
  config: Config,
  service: TracedService,
  log: Logger,
  /** How long closing waits for spans in all. Default: a few seconds, for a service. */
  patienceMs?: number,
): Promise<Tracing> {
  const { tracing } = config.file;
  if (tracing === undefined) return noTracing;
  const { endpoint, headers, sample_ratio, record_content, trace_url } = tracing;
  const revealed = Object.entries(headers).map(([name, value]) => [name, reveal(value, config.environment)] as const);
  const { openSdk } = await import('./open-sdk.js');
  const sdk = openSdk({
    endpoint,
    headers: Object.fromEntries(revealed),
    sampleRatio: sample_ratio,
    service,
    log,
    ...(patienceMs !== undefined && { patienceMs }),
  });
  return { ...sdk, recordsContent: record_content, traceUrl: trace_url };
}
