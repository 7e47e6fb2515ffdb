import { BlockList, isIPv4 } from 'node:net'
import { compileNetworks, plainAddress } from '../../contract/networks.ts'
import { isPrivateHost } from '../../contract/private-host.ts'

/** Whether an address may be spoken to, and whether because it is trusted, which plain http needs. */
export type Reach = 'refused' | 'public' | 'trusted'

/** Services that give credentials to whoever asks from the machine. No list makes them reachable. */
const credentialServices = [
  '169.254.169.254',
  // Containers and pods of AWS.
  '169.254.170.2',
  '169.254.170.23',
  // Alibaba, Oracle, and Azure, whose address looks public.
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
]
const never = new BlockList()
for (const address of credentialServices) {
  never.addAddress(address, 'ipv4')
  for (const [network, prefix] of ipv6Forms(address)) never.addSubnet(network, prefix, 'ipv6')
}
for (const address of ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254']) never.addAddress(address, 'ipv6')

/**
 * What may be reached: the Internet, and the networks that are trusted.
 *
 * @throws NetworkRefused for an entry that is no network.
 */
export function compileReach(trustedNetworks: readonly string[]): (address: string) => Reach {
  const isTrusted = compileNetworks(trustedNetworks)
  return (text) => {
    const address = plainAddress(text)
    if (address === undefined || never.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')) return 'refused'
    if (isTrusted(address)) return 'trusted'
    return isPrivateHost(address) ? 'refused' : 'public'
  }
}

/** How IPv6 reaches an IPv4 address through a translator: RFC 6052, RFC 4291 §2.5.5.1, RFC 3056. */
function ipv6Forms(ipv4: string): readonly (readonly [string, number])[] {
  const hex = Buffer.from(ipv4.split('.').map(Number)).toString('hex')
  const groups = `${hex.slice(0, 4)}:${hex.slice(4)}`
  return [
    [`64:ff9b::${groups}`, 128],
    [`::${groups}`, 128],
    [`2002:${groups}::`, 48],
  ]
}
