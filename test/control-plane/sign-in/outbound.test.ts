import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type OutboundOptions,
  OutboundRefused,
  outboundFetch,
} from '../../../control-plane/sign-in/outbound.ts'
import { selfSigned } from '../../plugins/provider/http1/certificate.ts'

const loopback = ['127.0.0.0/8']
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A server that counts who reaches it. */
async function server(answer: RequestListener) {
  const seen: string[] = []
  const connections = new Set<unknown>()
  const port = await listening(
    createServer((request, response) => {
      connections.add(request.socket)
      seen.push(`${request.method} ${request.headers.host}${request.url}`)
      answer(request, response)
    }),
  )
  return { port, seen, connections }
}

const fetcher = (options: Partial<OutboundOptions> = {}) =>
  outboundFetch({ trustedNetworks: loopback, ...options })
const hello: RequestListener = (_, response) => response.end('hello')

describe('what a provider is asked', () => {
  it('reaches it, with method, headers and body, and brings back its answer', async () => {
    const { port } = await server(async (request, response) => {
      const body = (await request.toArray()).join('')
      response.writeHead(400, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
      response.end(JSON.stringify({ method: request.method, type: request.headers['content-type'], body }))
    })
    const answer = await fetcher()(`http://127.0.0.1:${port}/token`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'grant=é',
    })
    expect(answer.status).toBe(400)
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await answer.json()).toEqual({ method: 'POST', type: 'text/plain', body: 'grant=é' })
  })

  it('goes to the very address that was checked, under the name that was asked for', async () => {
    const { port, seen } = await server(hello)
    let lookups = 0
    const resolve = async () => {
      lookups += 1
      return ['127.0.0.1']
    }
    const answer = await fetcher({ resolve })(`http://id.example.com:${port}/keys`)
    expect(await answer.text()).toBe('hello')
    expect(seen).toEqual([`GET id.example.com:${port}/keys`])
    expect(lookups).toBe(1)
  })

  it('goes to the checked address although the name leads elsewhere by then: DNS rebinding', async () => {
    const { port, seen } = await server(hello)
    const answers = [['192.0.2.1'], ['127.0.0.1']]
    const resolve = async () => answers.shift() ?? []
    const rebound = fetcher({ trustedNetworks: ['192.0.2.0/24'], resolve, timeLimitMs: 300 })
    await expect(rebound(`http://id.example.com:${port}/`)).rejects.toThrow()
    expect(seen).toEqual([])
    expect(answers).toHaveLength(1)
  })

  it('goes over a connection of its own, for a kept one may be to what was checked another time', async () => {
    const { port, connections } = await server(hello)
    for (let requests = 0; requests < 2; requests++) {
      await (await fetcher()(`http://127.0.0.1:${port}/`)).text()
    }
    expect(connections.size).toBe(2)
  })

  it('goes to none of the addresses that are refused among others', async () => {
    const { port, seen } = await server(hello)
    const resolve = async () => ['169.254.169.254', '10.0.0.1', '127.0.0.1']
    await fetcher({ resolve })(`http://id.example.com:${port}/`)
    expect(seen).toHaveLength(1)
  })

  it('is encrypted, and only for a certificate that is trusted', async () => {
    const { key, cert } = selfSigned('id.example.com')
    const port = await listening(createTlsServer({ key, cert }, hello))
    const ask = fetcher({ resolve: async () => ['127.0.0.1'] })
    await expect(ask(`https://id.example.com:${port}/`)).rejects.toThrow(/self-signed/)
    const usual = getCACertificates('default')
    setDefaultCACertificates([cert])
    try {
      expect(await (await ask(`https://id.example.com:${port}/`)).text()).toBe('hello')
      await expect(ask(`https://other.example.com:${port}/`)).rejects.toThrow(/altnames/)
    } finally {
      setDefaultCACertificates(usual)
    }
  })
})

describe('a request is refused', () => {
  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/',
    'https://localhost/',
  ])('to %s, with the way out', async (url) => {
    const refusal = await fetcher({ trustedNetworks: [] })(url).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(OutboundRefused)
    expect(String(refusal)).toContain(new URL(url).hostname.replace(/[[\]]/g, ''))
    expect(String(refusal)).toContain('trustedNetworks')
  })

  it('to a name that leads to a private network, and nothing reaches it', async () => {
    const { port, seen } = await server(hello)
    const ask = fetcher({ trustedNetworks: [], resolve: async () => ['127.0.0.1'] })
    await expect(ask(`https://id.example.com:${port}/`)).rejects.toThrow(OutboundRefused)
    expect(seen).toEqual([])
  })

  it.each(['8.8.8.8', '10.0.0.1'])('over http to %s, which is in no trusted network', async (address) => {
    const ask = fetcher({ resolve: async () => [address] })
    await expect(ask('http://id.example.com/')).rejects.toThrow(/id.example.com .*http.*trustedNetworks/)
  })

  it('to a name that leads nowhere', async () => {
    await expect(fetcher({ resolve: async () => [] })('https://id.example.com/')).rejects.toThrow(
      OutboundRefused,
    )
  })

  it.each([
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'javascript:alert(1)',
    '/relative',
    '',
    'http://user:secret@127.0.0.1/',
  ])('for the URL %j', async (url) => {
    await expect(fetcher()(url)).rejects.toThrow(OutboundRefused)
  })
})

describe('an answer', () => {
  it('that is a redirect is not followed', async () => {
    const target = await server(hello)
    const { port } = await server((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${target.port}/` }).end()
    })
    expect((await fetcher()(`http://127.0.0.1:${port}/`)).status).toBe(302)
    expect(target.seen).toEqual([])
  })

  it.each([
    ['the limit that was asked for', 10, { mostBytes: 10 }],
    ['1 MiB', 1024 * 1024, {}],
  ])('has at most %s', async (_, most, request) => {
    const { port } = await server((incoming, response) => {
      response.end('x'.repeat(incoming.url === '/fits' ? most : most + 1))
    })
    const fits = await fetcher()(`http://127.0.0.1:${port}/fits`, request)
    expect(await fits.text()).toHaveLength(most)
    await expect(fetcher()(`http://127.0.0.1:${port}/`, request)).rejects.toThrow(
      new OutboundRefused(`127.0.0.1 answered with more than ${most} bytes`),
    )
  })

  it('that never ends is not read to its end', async () => {
    const { port } = await server((_, response) => {
      const more = setInterval(() => response.write('x'.repeat(1024)), 1)
      response.on('close', () => clearInterval(more))
    })
    await expect(fetcher()(`http://127.0.0.1:${port}/`, { mostBytes: 4096 })).rejects.toThrow(OutboundRefused)
  })

  it.each(['header', 'body'])('whose %s comes too late is not waited for', async (part) => {
    const { port } = await server((_, response) => {
      if (part === 'body') response.write('x')
    })
    const started = performance.now()
    await expect(fetcher({ timeLimitMs: 100 })(`http://127.0.0.1:${port}/`)).rejects.toThrow()
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('is not waited for when its name is never found', async () => {
    const resolve = () => new Promise<readonly string[]>(() => undefined)
    await expect(fetcher({ resolve, timeLimitMs: 50 })('https://id.example.com/')).rejects.toThrow(/timeout/i)
  })

  it('may be empty', async () => {
    const { port } = await server((_, response) => response.writeHead(204).end())
    expect((await fetcher()(`http://127.0.0.1:${port}/`)).status).toBe(204)
  })
})
