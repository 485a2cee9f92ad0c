/** Encoded spellings shorter than this would be found in unrelated text. */
const shortestEncoded = 6;

/** A secret as text may contain it: plain, in JSON, in JSON within JSON, in a URL or form, and in base64. Longest first. */
export function spellingsOf(secret: string): string[] {
  const escaped = jsonText(secret);
  // Some services escape slashes.
  const slashed = escaped.replaceAll('/', '\\/');
  const encoded = [jsonText(escaped), slashed, ...urlTexts(secret), ...base64Texts(secret)];
  const all = new Set([secret, escaped, ...encoded.filter((text) => text.length >= shortestEncoded)]);
  return [...all].sort((one, other) => other.length - one.length);
}

function jsonText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function urlTexts(secret: string): string[] {
  // Unlike a string, a URL has no lone surrogates.
  const wellFormed = Buffer.from(secret).toString();
  const encoded = [encodeURIComponent(wellFormed), new URLSearchParams([['', wellFormed]]).toString().slice(1)];
  return encoded.flatMap((text) => [text, text.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase())]);
}

/** Base64 of the secret alone, and what is the same in the base64 of any longer text that contains it. */
function base64Texts(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const within = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const texts = [bytes.toString('base64url'), ...within];
  return [bytes.toString('base64'), ...texts, ...texts.map((text) => text.replaceAll('-', '+').replaceAll('_', '/'))];
}
