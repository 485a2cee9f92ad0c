/** JSON Pointers (RFC 6901): `''` is the whole document, `/steps/0` its first step. */

/** The pointer of a member of the value at `pointer`. */
export function childPointer(pointer: string, token: string | number): string {
  return `${pointer}/${escapeToken(token)}`;
}

/** Appends the tokens to the pointer `start`. */
export function toPointer(tokens: readonly (string | number)[], start = ''): string {
  return start + tokens.map((token) => `/${escapeToken(token)}`).join('');
}

/** The tokens of a pointer, unescaped. */
export function splitPointer(pointer: string): string[] {
  return pointer.split('/').slice(1).map(unescapeToken);
}

/** The pointer of the parent value; the root is its own parent. */
export function parentPointer(pointer: string): string {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));
}

function escapeToken(token: string | number): string {
  if (typeof token === 'number') return String(token);
  return /[~/]/.test(token) ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token;
}

function unescapeToken(token: string): string {
  return token.includes('~') ? token.replaceAll('~1', '/').replaceAll('~0', '~') : token;
}
