/** Scans CEL text without parsing it, skipping strings and comments, which may contain anything. */

/** The index after the string that starts with the quote at `start`; the text's length if it is not closed. */
function endOfString(text: string, start: number): number {
  const quote = text.charAt(start);
  const closing = text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  let index = start + closing.length;
  while (index < text.length && !text.startsWith(closing, index)) index += text[index] === '\\' ? 2 : 1;
  return Math.min(text.length, index + closing.length);
}

/** The index after the string or comment at `start`; `start` if there is neither. */
export function endOfSkipped(text: string, start: number): number {
  const character = text[start];
  if (character === '"' || character === "'") return endOfString(text, start);
  if (character !== '/' || text[start + 1] !== '/') return start;
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

/** The index of `token` at or after `from`, ignoring comments; there must be no strings in between. */
export function positionOf(text: string, token: string, from: number): number {
  for (let index = from; index < text.length; index += 1) {
    index = endOfSkipped(text, index);
    if (text.startsWith(token, index)) return index;
  }
  return from;
}
