import { isIPv4 } from 'node:net'

/**
 * What counts as one sender: an IPv4 address, or the /64 network of an IPv6 address, of which one subscriber
 * has all 2^64.
 */
export function senderAddress(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address
  if (isIPv4(mapped)) return mapped
  const [withoutZone = ''] = address.split('%')
  const [head = '', tail] = withoutZone.toLowerCase().split('::')
  const front = groupsOf(head)
  const zeros = tail === undefined ? 0 : 8 - front.length - groupsOf(tail).length
  const groups = [...front, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...groupsOf(tail ?? '')]
  return `${groups.slice(0, 4).join(':')}::/64`
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''))
}
