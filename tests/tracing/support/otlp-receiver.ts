/** Purpose: a receiver of OTLP over HTTP, which decodes what it is sent. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';

export type Value = string | number | boolean | readonly Value[];

export interface ReceivedSpan {
  readonly service: string;
  readonly trace_id: string;
  readonly span_id: string;
  /** Empty for a root. */
  readonly parent_span_id: string;
  readonly trace_state: string;
  readonly name: string;
  readonly kind: number;
  /** Epoch milliseconds. */
  readonly start_at: number;
  readonly end_at: number;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly events: readonly {
    readonly name: string;
    readonly at: number;
    readonly attributes: Readonly<Record<string, Value>>;
  }[];
  readonly links: readonly { readonly trace_id: string; readonly span_id: string }[];
  /** 2 is an error. */
  readonly status: { readonly code: number; readonly message: string };
}

export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: ReceivedSpan[];
  /** Requests so far, refused ones included. */
  readonly requests: { readonly headers: Readonly<Record<string, unknown>> }[];
  /** What is done with requests from now on. */
  behave(how: 'accept' | 'refuse' | 'hang'): void;
  close(): Promise<void>;
}

/** The messages of the protocol as far as they are read here; field numbers as in opentelemetry-proto. */
const request = protobuf
  .parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start = 7; fixed64 end = 8; repeated KeyValue attributes = 9; repeated Event events = 11; repeated Link links = 13;
    Status status = 15;
  }
  message Event { fixed64 time = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string text = 1; bool flag = 2; int64 integer = 3; double number = 4; ArrayValue list = 5; } }
  message ArrayValue { repeated AnyValue values = 1; }
`)
  .root.lookupType('Request');

export async function openOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: OtlpReceiver['requests'] = [];
  let behavior: Parameters<OtlpReceiver['behave']>[0] = 'accept';
  const server = createServer(async (received, response) => {
    requests.push({ headers: received.headers });
    if (behavior === 'hang') return;
    const body = await buffer(received);
    if (behavior === 'refuse' || received.url !== '/v1/traces') {
      response.writeHead(behavior === 'refuse' ? 400 : 404).end();
      return;
    }
    spans.push(...spansOf(body));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    behave: (how) => {
      behavior = how;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Raw = Record<string, unknown>;

function spansOf(body: Buffer): ReceivedSpan[] {
  const decoded = request.toObject(request.decode(body), { longs: Number, defaults: true, arrays: true }) as Raw;
  return list(decoded.resourceSpans).flatMap(({ resource, scopeSpans }) => {
    const { 'service.name': service } = attributesOf((resource as Raw).attributes);
    return list(scopeSpans).flatMap(({ spans }) => list(spans).map((span) => spanOf(String(service), span)));
  });
}

function spanOf(service: string, raw: Raw): ReceivedSpan {
  const status = (raw.status ?? {}) as Raw;
  return {
    service,
    trace_id: hex(raw.traceId),
    span_id: hex(raw.spanId),
    parent_span_id: hex(raw.parentSpanId),
    trace_state: String(raw.traceState),
    name: String(raw.name),
    kind: Number(raw.kind),
    start_at: millis(raw.start),
    end_at: millis(raw.end),
    attributes: attributesOf(raw.attributes),
    events: list(raw.events).map(({ name, time, attributes }) => ({
      name: String(name),
      at: millis(time),
      attributes: attributesOf(attributes),
    })),
    links: list(raw.links).map(({ traceId, spanId }) => ({ trace_id: hex(traceId), span_id: hex(spanId) })),
    status: { code: Number(status.code ?? 0), message: String(status.message ?? '') },
  };
}

function attributesOf(raw: unknown): Record<string, Value> {
  return Object.fromEntries(list(raw).map(({ key, value }) => [String(key), plainValue(value as Raw)]));
}

function plainValue({ text, flag, integer, number, list: items }: Raw): Value {
  if (items !== undefined) return list((items as Raw).values).map(plainValue);
  return (text ?? flag ?? integer ?? number) as Value;
}

function list(raw: unknown): Raw[] {
  return (raw ?? []) as Raw[];
}

/** Nanoseconds, which a number holds only roughly. */
function millis(raw: unknown): number {
  return Math.round(Number(raw) / 1e6);
}

function hex(raw: unknown): string {
  return Buffer.from(raw as Uint8Array).toString('hex');
}
