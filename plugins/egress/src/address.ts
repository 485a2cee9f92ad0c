/**
 * Purpose: classifies an IP address by who may connect to it.
 * Owns: the table of address blocks. Does not own: name resolution, connections (egress.ts).
 * Invariants:
 *  A1 the parsed binary address decides, never its text
 *  A2 an IPv4 address embedded in an IPv6 one (mapped, NAT64, 6to4) is classified as that IPv4 address
 *  A3 anything not known to be reachable is `never`
 * The blocks come from the IANA special-purpose address registries (RFC 6890 and its updates).
 */
import ipaddr from 'ipaddr.js';

/**
 * Who may connect. `public`: anybody. `private`: clients the operator allows to. `never`: nobody; includes cloud metadata
 * services.
 */
export type Reach = 'public' | 'private' | 'never';

type Block<Address> = [Address, number];

const v4Private = v4Blocks('10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16');
const v4Never = v4Blocks(
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
);
const v6Private = v6Blocks('::1/128', 'fc00::/7');
/** Global unicast: nothing outside of it is routed on the Internet. */
const v6Global = v6Blocks('2000::/3');
const v6Never = v6Blocks('2001::/23', '2001:db8::/32', '3fff::/20');
/** `offset` is where the embedded IPv4 address begins within the 16 bytes. */
const v6Embedding: readonly { readonly blocks: readonly Block<ipaddr.IPv6>[]; readonly offset: number }[] = [
  { blocks: v6Blocks('::ffff:0:0/96', '64:ff9b::/96'), offset: 12 },
  { blocks: v6Blocks('2002::/16'), offset: 2 },
];

export function reachOf(address: string): Reach {
  if (!ipaddr.isValid(address)) return 'never';
  const parsed = ipaddr.parse(address);
  return parsed instanceof ipaddr.IPv4 ? reachOfV4(parsed) : reachOfV6(parsed as ipaddr.IPv6);
}

function reachOfV4(address: ipaddr.IPv4): Reach {
  if (inside(address, v4Never)) return 'never';
  return inside(address, v4Private) ? 'private' : 'public';
}

function reachOfV6(address: ipaddr.IPv6): Reach {
  const embedding = v6Embedding.find(({ blocks }) => inside(address, blocks));
  if (embedding !== undefined) {
    const { offset } = embedding;
    return reachOfV4(new ipaddr.IPv4(address.toByteArray().slice(offset, offset + 4)));
  }
  if (inside(address, v6Private)) return 'private';
  return inside(address, v6Global) && !inside(address, v6Never) ? 'public' : 'never';
}

function inside<Address extends ipaddr.IPv4 | ipaddr.IPv6>(
  address: Address,
  blocks: readonly Block<Address>[],
): boolean {
  return blocks.some(([base, bits]) => address.match(base, bits));
}

function v4Blocks(...texts: string[]): readonly Block<ipaddr.IPv4>[] {
  return texts.map((text) => ipaddr.IPv4.parseCIDR(text));
}

function v6Blocks(...texts: string[]): readonly Block<ipaddr.IPv6>[] {
  return texts.map((text) => ipaddr.IPv6.parseCIDR(text));
}
