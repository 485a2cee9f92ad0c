const opening: ReadonlySet<number> = new Set(['[', '{'].map((bracket) => bracket.charCodeAt(0)));
const closing: ReadonlySet<number> = new Set([']', '}'].map((bracket) => bracket.charCodeAt(0)));
const quote = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);

/** Whether a JSON text is nested deeper than a limit: parsing it is possible, but code that recurses through it is not. */
export function isDeeper(text: string, limit: number): boolean {
  // It takes two brackets a level.
  if (text.length < 2 * limit) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === quote) index = endOfString(text, index);
    else if (opening.has(code)) {
      depth++;
      if (depth > limit) return true;
    } else if (closing.has(code)) depth--;
  }
  return false;
}

function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++;
  return slashes % 2 === 1;
}
