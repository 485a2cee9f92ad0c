/** JSON Pointers (RFC 6901): `''` is the whole document, `/steps/0` its first step. */

/** The pointer of a member of the value at `pointer`. */
export function child_pointer(pointer: string, token: string | number): string {
  return `${pointer}/${escape_token(token)}`;
}

/** The pointer that leads on from `start` by the tokens. */
export function to_pointer(tokens: readonly (string | number)[], start = ''): string {
  return start + tokens.map((token) => `/${escape_token(token)}`).join('');
}

/** The tokens of a pointer, unescaped. */
export function split_pointer(pointer: string): string[] {
  return pointer.split('/').slice(1).map(unescape_token);
}

/** The pointer of the value that holds the one at `pointer`; the root has none and stays. */
export function parent_pointer(pointer: string): string {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));
}

function escape_token(token: string | number): string {
  if (typeof token === 'number') return String(token);
  return /[~/]/.test(token) ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token;
}

function unescape_token(token: string): string {
  return token.includes('~') ? token.replaceAll('~1', '/').replaceAll('~0', '~') : token;
}
