/**
 * Purpose: OpenTelemetry in this process: an exporter for the spans of runs, and a tracer for what the process does itself.
 * Loaded only if tracing is configured.
 */
import type { Logger } from '@llmteam/contracts';
import type { SpanExport } from '@llmteam/kernel';
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { Delivery } from './delivery.js';
import { withoutQuery } from './outgoing-requests.js';
import { readableSpan } from './readable-span.js';
import { traceUrl } from './trace-endpoint.js';

export interface SdkOptions {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sampleRatio: number;
  /** `service.name`, and `service.instance.id` where there may be several. */
  readonly service: { readonly name: string; readonly instance?: string };
  readonly log: Logger;
  /** How long closing waits for what is being delivered, counted from when that began. Default: 3,000 from when it closes. */
  readonly patienceMs?: number;
}

export interface Sdk {
  readonly spanExport: SpanExport;
  samples(traceId: string): boolean;
  lostSpans(): number;
  close(): Promise<void>;
}

/** What a process did itself in the last of these is lost if it is killed. */
const exportAfterMs = 1_000;
const exportTimeoutMs = 10_000;
const closeMs = 3_000;
/** Partitions export side by side. */
const concurrentExports = 32;

export function openSdk({ endpoint, headers, sampleRatio, service, log, patienceMs }: SdkOptions): Sdk {
  const url = traceUrl(endpoint);
  const exporter = new OTLPTraceExporter({
    url,
    headers: { ...headers },
    timeoutMillis: exportTimeoutMs,
    concurrencyLimit: concurrentExports,
  });
  const delivery = new Delivery(exporter, url, log);
  const resource = resourceFromAttributes({
    'service.name': service.name,
    ...(service.instance !== undefined && { 'service.instance.id': service.instance }),
  });
  const sampler = new TraceIdRatioBasedSampler(sampleRatio);
  const provider = new NodeTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: sampler }),
    spanProcessors: [new BatchSpanProcessor(deliveredBy(delivery), { scheduledDelayMillis: exportAfterMs })],
  });
  const undo = register(provider);
  return {
    spanExport: {
      export: (spans) => delivery.deliver(spans.map((span) => readableSpan(span, resource))),
      dropped: (count) => delivery.noteLost(count),
      ...(patienceMs !== undefined && { patienceMs }),
    },
    samples: (traceId) => sampler.shouldSample(ROOT_CONTEXT, traceId).decision !== SamplingDecision.NOT_RECORD,
    lostSpans: () => delivery.lostSpans,
    close: async () => {
      undo();
      if (patienceMs !== undefined) {
        await within(Math.max(0, patienceMs - delivery.waitedMs), provider.shutdown());
        return delivery.giveUp();
      }
      await within(closeMs, provider.shutdown());
      await within(closeMs, exporter.shutdown());
    },
  };
}

/** Batches that fail are lost: what the process did itself is in no journal. */
function deliveredBy(delivery: Delivery): SpanExporter {
  return {
    export: (spans, done) => {
      delivery
        .deliver(spans)
        .catch(() => delivery.noteLost(spans.length))
        .finally(() => done({ code: ExportResultCode.SUCCESS }));
    },
    shutdown: async () => undefined,
  };
}

/** For all that uses the API of OpenTelemetry in this process, plugins included; undone when it is closed. */
function register(provider: NodeTracerProvider): () => void {
  const isOurs = trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const requests = new UndiciInstrumentation(withoutQuery);
  requests.setTracerProvider(provider);
  return () => {
    requests.disable();
    if (!isOurs) return;
    trace.disable();
    context.disable();
    propagation.disable();
  };
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), enough]);
  clearTimeout(timer);
}
