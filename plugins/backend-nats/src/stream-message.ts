/**
 * A message delivered by a consumer, with the metadata in its reply subject:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>[.<token>]`
 * (NATS ADR-15). The client has the same logic in a class it does not export.
 */
import type { Msg, MsgHdrs } from '@nats-io/transport-node';

const withDomainTokens = 11;
const dot = '.'.charCodeAt(0);
const zero = '0'.charCodeAt(0);

export class StreamMessage {
  /** Cached, because the client slices the body out of the message on every access. */
  readonly data: Uint8Array;
  private numbers: readonly number[] | null = null;

  constructor(readonly msg: Msg) {
    this.data = msg.data;
  }

  /** The subject for acknowledgements. */
  get reply(): string {
    return this.msg.reply ?? '';
  }

  get headers(): MsgHdrs | undefined {
    return this.msg.headers;
  }

  /** How many times it was delivered, including this time. */
  get deliveries(): number {
    return this.number(0);
  }

  /** Sequence in the stream. */
  get sequence(): number {
    return this.number(1);
  }

  /** Sequence in the consumer, from 1 without gaps. */
  get consumerSequence(): number {
    return this.number(2);
  }

  /** When the server stored it, in epoch milliseconds. */
  get storedAt(): number {
    return this.number(3) / 1_000_000;
  }

  /** How many messages for this consumer come after it. */
  get pending(): number {
    return this.number(4);
  }

  private number(index: number): number {
    this.numbers ??= numbersOf(this.reply);
    const first = this.numbers.length >= withDomainTokens ? 6 : 4;
    return this.numbers[first + index] ?? Number.NaN;
  }
}

/** Parses the tokens of a subject as numbers in one pass; non-numeric tokens yield garbage. */
function numbersOf(subject: string): readonly number[] {
  const numbers: number[] = [];
  let number = 0;
  for (let index = 0; index < subject.length; index++) {
    const code = subject.charCodeAt(index);
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

/** Payloads published on a message's reply subject. */
export const ack = text.encode('+ACK');
export const stillWorking = text.encode('+WPI');

export function release(delayMs: number): Uint8Array {
  return text.encode(delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * 1_000_000)}}` : '-NAK');
}
