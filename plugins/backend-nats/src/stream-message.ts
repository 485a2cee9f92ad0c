/**
 * A message a consumer delivered, with what its reply subject tells:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>[.<token>]`
 * (NATS ADR-15). The client does the same in a class it does not export.
 */
import type { Msg, MsgHdrs } from '@nats-io/transport-node';

const withDomainTokens = 11;
const dot = '.'.charCodeAt(0);
const zero = '0'.charCodeAt(0);

export class StreamMessage {
  /** The client cuts the body out of the message each time it is asked for it. */
  readonly data: Uint8Array;
  private numbers: readonly number[] | null = null;

  constructor(readonly msg: Msg) {
    this.data = msg.data;
  }

  /** Where it is answered. */
  get reply(): string {
    return this.msg.reply ?? '';
  }

  get headers(): MsgHdrs | undefined {
    return this.msg.headers;
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
  get consumerSequence(): number {
    return this.number(2);
  }

  /** When the server stored it; epoch milliseconds. */
  get storedAt(): number {
    return this.number(3) / 1_000_000;
  }

  /** Messages for this consumer that come after it. */
  get pending(): number {
    return this.number(4);
  }

  private number(place: number): number {
    this.numbers ??= numbersOf(this.reply);
    const first = this.numbers.length >= withDomainTokens ? 6 : 4;
    return this.numbers[first + place] ?? Number.NaN;
  }
}

/** The tokens of a subject as numbers, in one pass; those that are words give nonsense. */
function numbersOf(subject: string): readonly number[] {
  const numbers: number[] = [];
  let number = 0;
  for (let place = 0; place < subject.length; place++) {
    const code = subject.charCodeAt(place);
    if (code === dot) {
      numbers.push(number);
      number = 0;
    } else {
      number = number * 10 + code - zero;
    }
  }
  numbers.push(number);
  return numbers;
}

export function isStreamMessage(msg: Msg): boolean {
  return msg.reply?.startsWith('$JS.ACK.') === true;
}

const text = new TextEncoder();

/** What is published on a message's reply subject. */
export const ack = text.encode('+ACK');
export const stillWorking = text.encode('+WPI');

export function release(delayMs: number): Uint8Array {
  return text.encode(delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * 1_000_000)}}` : '-NAK');
}
