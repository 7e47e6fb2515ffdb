import type { IncomingMessage } from 'node:http'
import { plainAddress } from '../../contract/networks.ts'
import type { Configuration } from '../../plugins/sdk/builtin.ts'
import { Denied } from '../../plugins/sdk/denied.ts'

/** Where a call comes from, and why it may not. */
export interface Source {
  readonly address: string | undefined
  readonly denied: Denied | undefined
}

type AddressRules = Pick<Configuration, 'admitsAddress' | 'isTrustedProxy'>

/** More proxies than this stand behind each other nowhere; a caller could write any number. */
const mostHops = 32

/** Undefined where nothing is said about addresses: the call then comes from the other end of its connection. [S3-36] */
export function findSource(
  { socket, headers }: IncomingMessage,
  { admitsAddress, isTrustedProxy }: AddressRules,
): Source | undefined {
  if (admitsAddress === null && isTrustedProxy === null) return undefined
  const peer = plainAddress(socket.remoteAddress ?? '')
  if (peer === undefined) return { address: undefined, denied: unknownCaller('its connection has ended') }
  const forwarded = headers['x-forwarded-for']?.toString()
  const address = isTrustedProxy === null ? peer : callerBehind(peer, forwarded, isTrustedProxy)
  if (address === undefined) {
    return {
      address: peer,
      denied: unknownCaller('the X-Forwarded-For of our proxy is no list of addresses'),
    }
  }
  if (admitsAddress === null || admitsAddress(address)) return { address, denied: undefined }
  return { address, denied: new Denied('ip_not_allowed', `The address ${address} may not call the gateway`) }
}

/**
 * Each proxy adds at the right whom it was called by. What stands left of the first address that is no proxy of ours,
 * its sender may have made up.
 *
 * @returns undefined when a proxy of ours sent what is no address.
 */
function callerBehind(
  peer: string,
  forwarded: string | undefined,
  isTrustedProxy: (address: string) => boolean,
): string | undefined {
  if (forwarded === undefined || !isTrustedProxy(peer)) return peer
  const hops = forwarded.split(',').reverse()
  let caller = peer
  for (const hop of hops.slice(0, mostHops)) {
    const address = addressOfHop(hop.trim())
    if (address === undefined || !isTrustedProxy(address)) return address
    caller = address
  }
  return hops.length > mostHops ? undefined : caller
}

/** `192.0.2.1` or `2001:db8::1`; some proxies add the port, `192.0.2.1:443` or `[2001:db8::1]:443`. */
function addressOfHop(hop: string): string | undefined {
  const [, bracketed, dotted] = /^(?:\[([\da-f:.]+)\]|([\d.]+))(?::\d{1,5})?$/i.exec(hop) ?? []
  const text = bracketed ?? dotted ?? hop
  // A zone is known to the machine alone that wrote it.
  return text.includes('%') ? undefined : plainAddress(text)
}

function unknownCaller(reason: string): Denied {
  return new Denied('ip_not_allowed', `It cannot be told which address calls: ${reason}`)
}
