/** What a URL may be, and how a path is joined to the base URL of a client. */
import { LlmteamError } from '@llmteam/contracts';

/** The part of a URL that is safe to show: user info, query and fragment may contain secrets. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** @throws LlmteamError `EGRESS_BLOCKED` for schemes other than http and https, and for user info. */
export function checkUrl(url: URL): URL {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new LlmteamError('EGRESS_BLOCKED', `only http and https can be called, not '${url.protocol}'`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new LlmteamError(
      'EGRESS_BLOCKED',
      `the URL of '${url.host}' contains a user name or password; configure a client with a header instead`,
    );
  }
  return url;
}

/** Appends a path for which `leavesBase` is false. A `?` or `#` in it is encoded. */
export function joinPath(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${rootOf(base)}/${path.startsWith('/') ? path.slice(1) : path}`;
  return url;
}

/** The path of a base URL without the slash at its end. */
export function rootOf(base: URL): string {
  return base.pathname.endsWith('/') ? base.pathname.slice(0, -1) : base.pathname;
}

/** Whether it is an absolute URL, names a host, or contains `..` in any encoding that this or the next parser might decode. */
export function leavesBase(path: string): boolean {
  if (isAbsolute(path) || path.startsWith('//')) return true;
  if (path.includes('\\') || hasControlCharacters(path)) return true;
  const once = decoded(path);
  return [path, once, decoded(once)].some((spelling) => /(^|[\\/])\.\.([\\/]|$)/.test(spelling));
}

export function isAbsolute(path: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(path);
}

function decoded(path: string): string {
  return path.replaceAll(/%2e/gi, '.').replaceAll(/%2f/gi, '/').replaceAll(/%5c/gi, '\\').replaceAll(/%25/g, '%');
}

/** The URL parser silently drops tabs and line breaks, so the checked text would differ from the given one. */
export function hasControlCharacters(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}
