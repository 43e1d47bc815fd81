import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Gives the addresses of a host name. */
export type ResolveFunc = (host: string) => Promise<readonly LookupAddress[]>

const resolveHost: ResolveFunc = (host) => lookup(host, { all: true })

/**
 * The addresses that a message to `url` may go to. Throws an `Error` when one of them is not on the public
 * internet, so that a name in somebody else's DNS cannot point us at the inside of a network.
 *
 * `allowPrivate` true allows all of them; false none; undefined those that the url itself says, as an
 * address or as `localhost`: who wrote that meant it. Link-local addresses (cloud metadata) need true.
 */
export async function guardedAddresses(
  url: URL,
  allowPrivate: boolean | undefined,
  resolve: ResolveFunc = resolveHost,
): Promise<readonly LookupAddress[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const version = isIP(host)
  const addresses = version === 0 ? await resolve(host) : [{ address: host, family: version }]
  if (addresses.length === 0) throw new Error(`cannot resolve ${host}`)
  if (allowPrivate === true) return addresses
  const literal = version !== 0 || host === 'localhost'
  for (const { address } of addresses) {
    const range = addressRange(address)
    if (range === 'unicast') continue
    if (literal && allowPrivate === undefined && LITERAL_RANGES.has(range)) continue
    const through = version === 0 ? `${host} resolves to ${address}, which` : address
    throw new Error(
      `${through} is a ${range} address; set allowPrivate: true on this endpoint to send there`,
    )
  }
  return addresses
}

const LITERAL_RANGES: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'uniqueLocal',
  'carrierGradeNat',
])

/** The kind of an address, seen through IPv6 forms that carry an IPv4 one. */
function addressRange(text: string): string {
  const address = ipaddr.process(text)
  if (address.kind() === 'ipv6') {
    const { parts } = address as ipaddr.IPv6
    const range = address.range()
    // NAT64 (64:ff9b::/96) and 6to4 (2002::/16) reach the IPv4 address inside.
    if (range === 'rfc6052') return embedded(parts[6], parts[7])
    if (range === '6to4') return embedded(parts[1], parts[2])
  }
  return address.range()
}

function embedded(high = 0, low = 0): string {
  return new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255]).range()
}
