import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net'

/*
 * Networks in CIDR notation, `10.0.0.0/8` or `2001:db8::/32`, and single addresses. What is written is taken exactly:
 * an entry that could be meant in two ways is refused.
 */

/** Why an entry of a list of networks cannot be used. */
export class NetworkRefused extends TypeError {
  override readonly name = 'NetworkRefused'
}

export interface Network {
  /** The lowest of its addresses. */
  readonly address: string
  readonly prefixLength: number
  readonly family: 'ipv4' | 'ipv6'
}

/** Whether an address, in the notation of `plainAddress`, is in one of the networks. */
export type ContainsAddress = (address: string) => boolean

/** @throws NetworkRefused that says what is wrong with the entry and what to write. */
export function parseNetwork(entry: string): Network {
  const [text = '', length, ...more] = entry.split('/')
  const address = plainAddress(text)
  if (address === undefined || more.length > 0) {
    throw new NetworkRefused('is no network: write "10.0.0.0/8", "2001:db8::/32" or one address')
  }
  if (text.includes('%')) throw new NetworkRefused('has a zone, which is known to one machine: leave it out')
  if (isIPv6(text) && isIPv4(address)) {
    throw new NetworkRefused(`is an IPv4 address in IPv6 notation: write "${address}" or an IPv4 network`)
  }
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const widest = family === 'ipv4' ? 32 : 128
  const prefixLength = length === undefined ? widest : prefixLengthOf(length)
  if (!(prefixLength <= widest)) {
    throw new NetworkRefused(`must have a prefix length from 0 to ${widest} behind its slash`)
  }
  if (BigInt.asUintN(widest - prefixLength, bitsOf(address)) !== 0n) {
    throw new NetworkRefused(
      `has bits beyond its prefix of ${prefixLength}: write the network's first address, or "${address}" for this one`,
    )
  }
  return { address, prefixLength, family }
}

/** @throws NetworkRefused */
export function compileNetworks(entries: readonly string[]): ContainsAddress {
  // A list of its own for each family: in a common one, `::/0` would hold every IPv4 address too.
  const ipv4 = new BlockList()
  const ipv6 = new BlockList()
  for (const entry of entries) {
    const { address, prefixLength, family } = parseNetwork(entry)
    const list = family === 'ipv4' ? ipv4 : ipv6
    list.addSubnet(address, prefixLength, family)
  }
  return (address) => (isIPv4(address) ? ipv4.check(address, 'ipv4') : ipv6.check(address, 'ipv6'))
}

/**
 * An address in the one notation in which it is compared: without a zone, and an IPv4-mapped address (RFC 4291
 * §2.5.5.2), as a socket that takes both families shows it, as the IPv4 address that it is. Undefined for what is none.
 */
export function plainAddress(text: string): string | undefined {
  const family = isIP(text)
  if (family === 4) return text
  if (family !== 6) return undefined
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  const mapped = address.replace('::ffff:', '')
  return isIPv4(mapped) ? mapped : address
}

function prefixLengthOf(text: string): number {
  return /^(0|[1-9]\d{0,2})$/.test(text) ? Number(text) : Number.NaN
}

function bitsOf(address: string): bigint {
  if (isIPv4(address)) return joined(address.split('.').map(BigInt), 8n)
  // A URL writes an IPv6 address in hexadecimal groups alone, never with an IPv4 address at its end.
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const [front, back] = [groupsOf(head), groupsOf(tail)]
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0n)
  return joined([...front, ...zeros, ...back], 16n)
}

function groupsOf(text: string): bigint[] {
  return text === '' ? [] : text.split(':').map((group) => BigInt(`0x${group}`))
}

function joined(parts: readonly bigint[], width: bigint): bigint {
  return parts.reduce((bits, part) => (bits << width) | part, 0n)
}
