/** `url.encode(text)`, `base64.encode(bytes)` and `base64.decode(text)`; those of Base64 are CEL's own extension. */

import { cost, perCharacter } from './cost.js';
import { type Evaluation, Failure } from './evaluation.js';
import { type Overload, overload } from './overloads.js';
import { Bytes } from './values.js';

/** Percent-encodes everything but `A-Z a-z 0-9 - . _ ~` (RFC 3986), so that the text can be any part of a URL. */
function urlEncode(run: Evaluation, offset: number, text: string): string {
  run.charge(cost.bytes + text.length * perCharacter.escaped, offset);
  try {
    const encoded = encodeURIComponent(text).replace(/[!'()*]/g, asPercent);
    run.chargeText(encoded.length, offset);
    return encoded;
  } catch (thrown) {
    // The only thing encodeURIComponent() refuses is half a surrogate pair, which no UTF-8 has.
    if (thrown instanceof URIError) throw new Failure('url.encode() takes text without lone surrogates', offset);
    throw thrown;
  }
}

function asPercent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function base64Encode(run: Evaluation, offset: number, { value }: Bytes): string {
  run.charge(cost.bytes + value.length * perCharacter.encoded, offset);
  const encoded = Buffer.from(value).toString('base64');
  run.chargeText(encoded.length, offset);
  return encoded;
}

/** Accepts missing padding, as CEL does. */
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function base64Decode(run: Evaluation, offset: number, text: string): Bytes {
  run.charge(cost.bytes + text.length * perCharacter.encoded, offset);
  const digits = text.replace(/=+$/, '').length % 4;
  if (digits === 1 || !base64.test(text)) throw new Failure('base64.decode() takes Base64 text', offset);
  return new Bytes(Buffer.from(text, 'base64'));
}

/** By namespace and name. */
export const encodings: Readonly<Record<string, readonly Overload[]>> = {
  'url.encode': [overload(['string'], 'string', urlEncode)],
  'base64.encode': [overload(['bytes'], 'string', base64Encode)],
  'base64.decode': [overload(['string'], 'bytes', base64Decode)],
};
