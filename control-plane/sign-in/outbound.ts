import { lookup } from 'node:dns/promises'
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP, isIPv6, type LookupFunction } from 'node:net'
import { type Answer, readAnswer } from './outbound-answer.ts'
import { compileReach } from './reachable-addresses.ts'

/** A request that is not made, or an answer that is not read, for safety's sake. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused'
}

export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | null
  readonly signal?: AbortSignal | undefined
  /** Of the answer's body; 1 MiB unless said. */
  readonly mostBytes?: number
}

/** @throws OutboundRefused, or whatever the network fails with. Redirects are answers, not followed. */
export type OutboundFetch = (url: string, request?: OutboundRequest) => Promise<Response>

export interface OutboundOptions {
  readonly trustedNetworks: readonly string[]
  /** All addresses of a host name. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>
  readonly timeLimitMs?: number
}

const usualTimeLimitMs = 10_000
const usualMostBytes = 1024 * 1024

/**
 * A `fetch` for what an administrator of a tenant named, so that it reaches nothing that only we reach: server-side
 * request forgery. A name is looked up once, and the connection goes to the addresses that were checked.
 *
 * @throws NetworkRefused for an entry of the trusted networks that is none.
 */
export function outboundFetch(options: OutboundOptions): OutboundFetch {
  const reach = compileReach(options.trustedNetworks)
  const resolve = options.resolve ?? resolveAll

  /** @throws OutboundRefused when the host has no address that may be spoken to. */
  async function permittedAddresses(url: URL): Promise<readonly string[]> {
    const hostname = url.hostname.replace(/^\[|\]$/g, '')
    const addresses = isIP(hostname) ? [hostname] : await resolve(hostname)
    const isPlain = url.protocol === 'http:'
    const permitted = addresses.filter((address) => {
      const found = reach(address)
      return found === 'trusted' || (found === 'public' && !isPlain)
    })
    if (permitted.length > 0) return permitted
    throw new OutboundRefused(
      isPlain
        ? `${hostname} is asked over http, which is for trusted networks only: use https, or add its network to trustedNetworks`
        : `${hostname} is not on the public Internet: if it is meant, add its network to trustedNetworks`,
    )
  }

  return async (address, request = {}) => {
    const url = checkUrl(address)
    const limit = AbortSignal.timeout(options.timeLimitMs ?? usualTimeLimitMs)
    const signal = request.signal ? AbortSignal.any([limit, request.signal]) : limit
    const addresses = await unlessAborted(permittedAddresses(url), signal)
    const { status, headers, body } = await exchange(url, addresses, request, signal)
    return new Response(body, { status, headers })
  }
}

function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new OutboundRefused('The address that the provider is to be asked at is no https URL')
  }
  if (url.username || url.password) {
    throw new OutboundRefused(`The URL of ${url.hostname} must hold no user and no password`)
  }
  return url
}

function exchange(
  url: URL,
  addresses: readonly string[],
  { method = 'GET', headers = {}, body = null, mostBytes = usualMostBytes }: OutboundRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const send = url.protocol === 'https:' ? requestTls : requestPlain
  return new Promise((resolve, reject) => {
    const outgoing = send(url, {
      method,
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      signal,
      // A connection of its own: a kept one may have been opened when the name led elsewhere.
      agent: false,
      lookup: lookupOf(addresses),
    })
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      readAnswer(incoming, mostBytes).then(resolve, (error: unknown) => {
        outgoing.destroy()
        reject(error instanceof RangeError ? new OutboundRefused(`${url.hostname} ${error.message}`) : error)
      })
    })
    outgoing.end(body ?? undefined)
  })
}

/** Gives the connection the addresses that were checked, whatever the name leads to by now: DNS rebinding. */
function lookupOf(addresses: readonly string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (_hostname, { all }, callback) => {
    const [first] = entries
    if (all || !first) callback(null, entries)
    else callback(null, first.address, first.family)
  }
}

async function resolveAll(hostname: string): Promise<readonly string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address)
}

/** A look-up cannot be called off: its answer is no longer waited for. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
