/**
 * A message a consumer delivered, with what its reply subject tells:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>[.<token>]`
 * (NATS ADR-15). The client does the same in a class it does not export.
 */
import type { Msg } from '@nats-io/transport-node';

const with_domain_tokens = 11;

export class StreamMessage {
  private readonly tokens: readonly string[];
  private readonly first: number;

  constructor(readonly msg: Msg) {
    this.tokens = (msg.reply ?? '').split('.');
    this.first = this.tokens.length >= with_domain_tokens ? 6 : 4;
  }

  /** How often it was delivered, this time included. */
  get deliveries(): number {
    return this.number(0);
  }

  /** In the stream. */
  get sequence(): number {
    return this.number(1);
  }

  /** In the consumer, from 1 without gaps. */
  get consumer_sequence(): number {
    return this.number(2);
  }

  /** When the server stored it; epoch milliseconds. */
  get stored_at(): number {
    return this.number(3) / 1_000_000;
  }

  /** Messages for this consumer that come after it. */
  get pending(): number {
    return this.number(4);
  }

  private number(place: number): number {
    return Number(this.tokens[this.first + place]);
  }
}

export function is_stream_message(msg: Msg): boolean {
  return msg.reply?.startsWith('$JS.ACK.') === true;
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
