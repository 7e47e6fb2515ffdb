import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { compileNetworks } from '../../../contract/networks.ts'
import { findSource } from '../../../data-plane/routes/source-address.ts'
import { authorization, serve } from './wire.ts'

interface Rules {
  readonly allow?: readonly string[]
  readonly proxies?: readonly string[]
}

function sourceOf(peer: string | undefined, forwarded: string | undefined, { allow, proxies }: Rules) {
  const request = { socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': forwarded } }
  const source = findSource(request as unknown as IncomingMessage, {
    admitsAddress: allow ? compileNetworks(allow) : null,
    isTrustedProxy: proxies ? compileNetworks(proxies) : null,
  })
  return source && [source.address, source.denied?.code]
}

const allow = ['10.0.0.0/8']
const proxies = ['192.0.2.0/24', '2001:db8::/32']
const refused = 'ip_not_allowed'

describe('a call comes from', () => {
  it.each([
    ['an allowed address', '10.1.2.3', undefined, { allow }, ['10.1.2.3', undefined]],
    ['another address', '11.0.0.1', undefined, { allow }, ['11.0.0.1', refused]],
    ['an IPv4-mapped address', '::ffff:10.0.0.1', undefined, { allow }, ['10.0.0.1', undefined]],
    ['a mapped address in hexadecimal', '::ffff:b00:1', undefined, { allow }, ['11.0.0.1', refused]],
    ['a link-local address', 'fe80::1%eth0', undefined, { allow: ['fe80::/10'] }, ['fe80::1', undefined]],
    ['IPv6 where IPv4 is allowed', '2001:db8::1', undefined, { allow }, ['2001:db8::1', refused]],
    ['a connection that has ended', undefined, undefined, { allow }, [undefined, refused]],
  ] as const)('%s [S3-36]', (_, peer, forwarded, rules, expected) => {
    expect(sourceOf(peer, forwarded, rules)).toEqual(expected)
  })

  it('wherever its connection does, at no cost, when nothing is said about addresses', () => {
    expect(sourceOf('11.0.0.1', '10.0.0.1', {})).toBeUndefined()
  })
})

describe('X-Forwarded-For', () => {
  it.each([
    ['is ignored from anybody but a trusted proxy', '11.0.0.1', '10.0.0.1', '11.0.0.1', refused],
    ['names the caller of a trusted proxy', '192.0.2.1', '10.0.0.1', '10.0.0.1', undefined],
    ['of a proxy over IPv6', '2001:db8::9', '10.0.0.1', '10.0.0.1', undefined],
    ['of a proxy on a socket for both families', '::ffff:192.0.2.1', '10.0.0.1', '10.0.0.1', undefined],
    [
      'is read from the right: what callers write stands left',
      '192.0.2.1',
      '10.0.0.1, 11.0.0.1',
      '11.0.0.1',
      refused,
    ],
    ['is read past our own proxies', '192.0.2.1', '11.0.0.1, 10.0.0.1,192.0.2.7', '10.0.0.1', undefined],
    ['lets nobody pose as one of our proxies', '192.0.2.1', '192.0.2.9, 11.0.0.1', '11.0.0.1', refused],
    ['is not read left of the caller', '192.0.2.1', 'nonsense, 10.0.0.1', '10.0.0.1', undefined],
    ['may hold mapped addresses', '192.0.2.1', '::ffff:10.0.0.1', '10.0.0.1', undefined],
    ['may hold ports', '192.0.2.1', '10.0.0.1:5000, [2001:db8::7]:443', '10.0.0.1', undefined],
    ['is the farthest proxy where all are ours', '192.0.2.1', '192.0.2.3, 192.0.2.2', '192.0.2.3', refused],
    ['may be missing: the proxy itself calls', '192.0.2.1', undefined, '192.0.2.1', refused],
  ] as const)('%s', (_, peer, forwarded, address, code) => {
    expect(sourceOf(peer, forwarded, { allow, proxies })).toEqual([address, code])
  })

  it.each([
    '',
    'unknown',
    '10.0.0.1,',
    '10.0.0',
    '010.0.0.1',
    'fe80::1%eth0',
    '[10.0.0.1',
    '10.0.0.1 10.0.0.2',
    '_hidden',
  ])('that is malformed refuses the call, though all may call: %j', (forwarded) => {
    expect(sourceOf('192.0.2.1', forwarded, { proxies })).toEqual(['192.0.2.1', refused])
  })

  it('of more hops than there are proxies anywhere refuses the call', () => {
    const hops = (count: number) => Array.from({ length: count }, () => '192.0.2.9').join(', ')
    expect(sourceOf('192.0.2.1', hops(32), { proxies })).toEqual(['192.0.2.9', undefined])
    expect(sourceOf('192.0.2.1', hops(33), { proxies })).toEqual(['192.0.2.1', refused])
    expect(sourceOf('192.0.2.1', `${hops(40)}, 10.0.0.1`, { proxies })).toEqual(['10.0.0.1', undefined])
  })
})

describe('an address that may not call', () => {
  const configuration = { admitsAddress: compileNetworks(allow), allowedOrigins: ['https://app.example.com'] }

  it.each([
    ['GET', 'models', {}],
    ['POST', 'chat/completions', {}],
    ['POST', 'embeddings', {}],
    ['POST', 'responses', {}],
    ['POST', 'images/generations', {}],
    ['POST', 'unknown', {}],
    ['DELETE', 'models', {}],
    ['OPTIONS', 'models', { origin: 'https://app.example.com', 'access-control-request-method': 'GET' }],
  ])('is refused before anything else is looked at: %s /v1/%s', async (method, path, headers) => {
    const { url, seen } = await serve({ configuration })
    const answer = await fetch(`${url}/v1/${path}`, { method, headers })
    expect([answer.status, await answer.json()]).toMatchObject([403, { error: { type: refused } }])
    expect(seen.provider).toBe(0)
    expect(seen.outcomes).toMatchObject([{ outcome: 'denied', errorCode: refused }])
  })

  it('is the one that is recorded, as the proxy tells it', async () => {
    const sources: (string | null)[] = []
    const { url } = await serve({
      configuration: { ...configuration, isTrustedProxy: compileNetworks(['127.0.0.1']) },
      stages: { audit: { onComplete: (call) => void sources.push(call.sourceAddress) } },
    })
    const from = (forwarded: string) =>
      fetch(`${url}/v1/models`, { headers: { authorization, 'x-forwarded-for': forwarded } })
    expect((await from('11.0.0.1')).status).toBe(403)
    expect((await from('11.0.0.1, 10.0.0.1')).status).toBe(200)
    expect((await from('nobody')).status).toBe(403)
    expect(sources).toEqual(['11.0.0.1', '10.0.0.1', '127.0.0.1'])
  })

  it('joins the lines of a header that comes twice', async () => {
    const { raw } = await serve({
      configuration: { ...configuration, isTrustedProxy: compileNetworks(['127.0.0.1']) },
    })
    const lines = [
      'X-Forwarded-For: 10.0.0.1',
      'x-forwarded-for: 11.0.0.1',
      `authorization: ${authorization}`,
    ]
    const head = ['GET /v1/models HTTP/1.1', 'host: a', 'connection: close', ...lines]
    expect(await raw(`${head.join('\r\n')}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 403 [\s\S]*11\.0\.0\.1 may not call/,
    )
  })
})
