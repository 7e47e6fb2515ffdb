import { BlockList, isIP } from 'node:net'

/** What does not lead to the public Internet: RFC 6890 and its registries. */
const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local, and with it the metadata service of most clouds.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  special.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  special.addSubnet(network, prefix, 'ipv6')
}

/** Names that no public resolver answers for. RFC 6761, RFC 6762, RFC 8375, and what clouds and routers use. */
const privateSuffixes = ['localhost', 'local', 'internal', 'intranet', 'lan', 'home.arpa', 'test', 'invalid']

/**
 * Whether a URL's hostname, or an address, is in a private network by what it says alone: such an address, such a
 * name, or a name without a dot. What a public name resolves to is only seen once a data plane connects.
 */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  const family = isIP(host)
  if (family === 4) return special.check(host, 'ipv4')
  // An IPv4-mapped address is checked as the IPv4 address that it is.
  if (family === 6) return special.check(host, 'ipv6')
  return !host.includes('.') || privateSuffixes.some((suffix) => host.endsWith(`.${suffix}`))
}
