/**
 * A message a consumer delivered, with what its reply subject tells:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>[.<token>]`
 * (NATS ADR-15). The client does the same in a class it does not export.
 */
import type { Msg } from '@nats-io/transport-node';

export interface StreamMessage {
  readonly msg: Msg;
  /** In the stream. */
  readonly sequence: number;
  /** In the consumer, from 1 without gaps. */
  readonly consumer_sequence: number;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  /** When the server stored it; epoch milliseconds. */
  readonly stored_at: number;
  /** Messages for this consumer that come after it. */
  readonly pending: number;
}

const with_domain_tokens = 11;

export function is_stream_message(msg: Msg): boolean {
  return msg.reply?.startsWith('$JS.ACK.') === true;
}

export function stream_message(msg: Msg): StreamMessage {
  const tokens = (msg.reply ?? '').split('.');
  const at = tokens.length >= with_domain_tokens ? 6 : 4;
  const number = (place: number): number => Number(tokens[at + place]);
  return {
    msg,
    deliveries: number(0),
    sequence: number(1),
    consumer_sequence: number(2),
    stored_at: number(3) / 1_000_000,
    pending: number(4),
  };
}

const text = new TextEncoder();
const ack_text = text.encode('+ACK');
const working_text = text.encode('+WPI');

export function ack({ msg }: StreamMessage): void {
  msg.respond(ack_text);
}

export function still_working({ msg }: StreamMessage): void {
  msg.respond(working_text);
}

export function give_back({ msg }: StreamMessage, delay_ms: number): void {
  msg.respond(text.encode(delay_ms > 0 ? `-NAK {"delay":${Math.round(delay_ms * 1_000_000)}}` : '-NAK'));
}
