/**
 * Purpose: which `Host` headers a server answers.
 * A web page can make a browser send requests to this machine under a name of the page's own (DNS rebinding). A server on a loopback address
 * therefore answers to loopback names, its own address and configured names only; one on a public address answers to any name unless names
 * are configured.
 */
import { isIP } from 'node:net';
import { LlmteamError } from '@llmteam/contracts';

/** A name or IPv4 address, or an IPv6 address in brackets; optionally a port. */
const form = /^([A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?$/;
const highestPort = 65_535;
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

export class AllowedHosts {
  /** Null allows every name. */
  private names: ReadonlySet<string> | null = new Set(loopbackNames);

  constructor(private readonly configured: readonly string[]) {}

  /** Called with the addresses that the server listens on, before it serves requests. */
  listenOn(...addresses: readonly string[]): void {
    const isOpen = this.configured.length === 0 && !addresses.some(isLoopback);
    this.names = isOpen
      ? null
      : new Set([...loopbackNames, ...addresses.map(inUrl), ...this.configured].map((name) => name.toLowerCase()));
  }

  /** @throws LlmteamError `HOST_INVALID` if the header is missing or malformed, `HOST_NOT_ALLOWED` */
  check(host: string | undefined): void {
    const [, name, port = '0'] = form.exec(host ?? '') ?? [];
    if (name === undefined) throw new LlmteamError('HOST_INVALID', "the header 'Host' must be a name or an address");
    if (Number(port) > highestPort) {
      throw new LlmteamError(
        'HOST_INVALID',
        `the port in the header 'Host' must be at most ${highestPort}, not ${port}`,
      );
    }
    if (this.names !== null && !this.names.has(name.toLowerCase())) {
      throw new LlmteamError('HOST_NOT_ALLOWED', `'${name}' is not a name of this server`);
    }
  }
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^(::ffff:)?127\./.test(address);
}

function inUrl(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address;
}
