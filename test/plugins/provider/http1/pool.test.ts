import type { Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { isPrivateHost } from '../../../../contract/private-host.ts'
import type { RequestController } from '../../../../plugins/provider/http1/exchange-handler.ts'
import { Pool } from '../../../../plugins/provider/http1/pool.ts'
import { wholeAnswer } from '../raw-upstream.ts'
import { askPool } from './ask-pool.ts'
import { ok, startPool, turn } from './start-pool.ts'

const gone = (pool: Pool) => vi.waitFor(() => expect(pool.connections).toBe(0), 10_000)

describe('the request', () => {
  it('goes out with its framing, whatever its size', async () => {
    const { pool, upstream } = await startPool(ok)
    for (const size of [0, 1, 65_536, 65_537, 1_000_000]) {
      await askPool(pool, { path: '/a', headers: ['x', 'ä'], body: Buffer.alloc(size, 'b') })
      await turn()
    }
    expect(upstream.requests.map(({ body }) => body.length)).toEqual([0, 1, 65_536, 65_537, 1_000_000])
    expect(upstream.requests.map(({ path }) => path)).toEqual(Array(5).fill('/a'))
    expect(upstream.requests[0]?.headers.get('x')).toBe('ä')
  })

  it.each([
    ['a line end in a value', { headers: ['x', 'a\r\nhost: evil'] }],
    ['a bare LF in a value', { headers: ['x', 'a\nb'] }],
    ['NUL in a value', { headers: ['x', 'a\0'] }],
    ['a character of two bytes', { headers: ['x', '漢'] }],
    ['a line end in a name', { headers: ['x\r\ny', 'a'] }],
    ['a colon in a name', { headers: ['x: y', 'a'] }],
    ['an empty name', { headers: ['', 'a'] }],
    ['a second length', { headers: ['Content-Length', '1'] }],
    ['a coding', { headers: ['transfer-encoding', 'chunked'] }],
    ['another host', { headers: ['Host', 'evil'] }],
    ['a space in the path', { path: '/a HTTP/1.1' }],
    ['a line end in the path', { path: '/a\r\nx: y' }],
    ['a path that is an address', { path: 'http://evil/' }],
    ['a space in the method', { method: 'GET /x' }],
  ])('with %s never leaves', async (_, request) => {
    const { pool, seen } = await startPool(ok)
    await expect(askPool(pool, request)).rejects.toMatchObject({ code: 'HTTP_INVALID_REQUEST' })
    expect(seen.size).toBe(0)
    expect(pool.connections).toBe(0)
  })
})

describe('a connection', () => {
  it('carries one request after the other', async () => {
    const { pool, seen } = await startPool(ok)
    for (let call = 0; call < 20; call++) {
      await askPool(pool)
      await turn()
    }
    expect(seen.size).toBe(1)
  })

  it('carries one request at a time', async () => {
    const { pool, seen } = await startPool((socket) => setImmediate(ok, socket))
    await Promise.all(Array.from({ length: 10 }, () => askPool(pool)))
    expect(seen.size).toBe(10)
  })

  it('beyond the bound is refused, and what is refused leaves nothing behind', async () => {
    const { pool } = await startPool((socket) => setImmediate(ok, socket), 2)
    const asked = [askPool(pool), askPool(pool)]
    await expect(askPool(pool)).rejects.toMatchObject({ code: 'HTTP_TOO_MANY_CONNECTIONS' })
    await Promise.all(asked)
    await turn()
    await askPool(pool)
    expect(pool.connections).toBe(2)
  })

  it.each([
    ['asks to close', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: x, Close\r\n\r\n{}'],
    ['speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n{}'],
    [
      'keeps alive for a second only',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nkeep-alive: timeout=1\r\n\r\n{}',
    ],
    [
      'says more than its response',
      `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}${wholeAnswer(200, 'evil')}`,
    ],
  ])('of a server that %s is not used again', async (_, answer) => {
    const { pool, seen } = await startPool((socket) => void socket.write(answer))
    expect((await askPool(pool)).body).toBe('{}')
    await gone(pool)
    expect((await askPool(pool)).body).toBe('{}')
    expect(seen.size).toBe(2)
  })

  it('on which the server speaks unasked is closed, and nobody hears it', async () => {
    const { pool, seen } = await startPool(ok)
    await askPool(pool)
    await turn()
    for (const socket of seen) socket.write(wholeAnswer(200, 'evil'))
    await gone(pool)
    expect((await askPool(pool)).body).toBe('{}')
  })

  it('that the server closed while it was idle is not used', async () => {
    const { pool, seen } = await startPool(ok)
    await askPool(pool)
    await turn()
    for (const socket of seen) socket.end()
    await gone(pool)
    expect((await askPool(pool)).body).toBe('{}')
  })

  it('is closed once it was idle for long, and before the server says it would', async () => {
    const { pool } = await startPool((socket) =>
      socket.write(wholeAnswer(200, '{}', ['keep-alive: timeout=2'])),
    )
    await askPool(pool)
    expect(pool.connections).toBe(1)
    await vi.waitFor(() => expect(pool.connections).toBe(0), 30_000)
  })
})

describe('a request', () => {
  it.each([['nobody listens', 'ECONNREFUSED']])('fails when %s', async (_, code) => {
    const { upstream, pool: spare } = await startPool(ok)
    await spare.close()
    const port = Number(new URL(upstream.baseUrl).port)
    const pool = new Pool({ origin: `http://127.0.0.2:${port}`, connectTimeoutMs: 500, maxConnections: 1 })
    await expect(askPool(pool)).rejects.toMatchObject({ code })
    expect(pool.connections).toBe(0)
  })

  it('does not reach an address that is refused, whatever name led to it', async () => {
    const { upstream, pool: allowed } = await startPool(ok)
    await askPool(allowed)
    const { port } = new URL(upstream.baseUrl)
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]']) {
      const origin = `http://${host}:${port}`
      const pool = new Pool({ origin, connectTimeoutMs: 500, maxConnections: 1, refuses: isPrivateHost })
      await expect(askPool(pool)).rejects.toMatchObject({ code: 'HTTP_ADDRESS_REFUSED' })
      expect(pool.connections).toBe(0)
      await pool.close()
    }
    expect(upstream.requests).toHaveLength(1)
  })

  it('is not repeated when its connection breaks', async () => {
    let breaks = false
    const { pool, upstream } = await startPool((socket) => (breaks ? socket.destroy() : ok(socket)))
    await askPool(pool)
    await turn()
    breaks = true
    await expect(askPool(pool)).rejects.toMatchObject({ code: 'HTTP_CONNECTION_LOST' })
    expect(upstream.requests).toHaveLength(2)
  })

  it.each([
    ['at all', '', 'HTTP_HEAD_TIMEOUT'],
    ['after a part of the head', 'HTTP/1.1 200 OK\r\n', 'HTTP_HEAD_TIMEOUT'],
    ['after a part of the body', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe', 'HTTP_BODY_TIMEOUT'],
  ])('fails when the server does not speak %s', async (_, part, code) => {
    const { pool } = await startPool((socket) => void (part && socket.write(part)))
    await expect(askPool(pool, { idleTimeoutMs: 500 })).rejects.toMatchObject({ code })
    await gone(pool)
  })

  it('of a slow reader is no silence of the server', async () => {
    const { pool } = await startPool((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab')
      setImmediate(() => socket.write('cd'))
    })
    let paused: RequestController | undefined
    const answer = askPool(
      pool,
      { idleTimeoutMs: 500 },
      {
        onData: (_pieces, controller) => {
          if (paused) return
          paused = controller
          controller.pause()
          setTimeout(() => controller.resume(), 1_500)
        },
      },
    )
    expect((await answer).body).toBe('abcd')
  })

  it('holds the server up while it is paused', async () => {
    const size = 64 * 1024 * 1024
    const big = Promise.withResolvers<Socket>()
    const { pool } = await startPool((socket, { path }) => {
      if (path !== '/big') return ok(socket)
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
      socket.write(Buffer.alloc(size))
      big.resolve(socket)
    })
    const paused = Promise.withResolvers<RequestController>()
    let reads = 0
    const onData = (_pieces: readonly Buffer[], controller: RequestController) => {
      reads += 1
      if (reads > 1) return
      controller.pause()
      paused.resolve(controller)
    }
    const answer = askPool(pool, { path: '/big' }, { onData })
    const controller = await paused.promise
    for (let call = 0; call < 50; call++) await askPool(pool)
    expect(reads).toBe(1)
    expect((await big.promise).writableLength).toBeGreaterThan(size / 4)
    controller.resume()
    expect((await answer).body.length).toBe(size)
  })

  it('that was aborted closes its connection; its controller has no power over the next one', async () => {
    const { pool, seen } = await startPool(ok)
    const controllers: RequestController[] = []
    const keep = { onStart: (controller: RequestController) => void controllers.push(controller) }
    await askPool(pool, {}, keep)
    await turn()
    const next = askPool(pool)
    for (const controller of controllers) {
      controller.pause()
      controller.abort()
    }
    expect((await next).body).toBe('{}')
    expect(seen.size).toBe(1)
    await turn()
    void askPool(pool, {}, { onStart: (controller) => controller.abort() })
    await gone(pool)
  })

  it('under way ends before the pool is closed', async () => {
    const { pool } = await startPool((socket) => setImmediate(ok, socket))
    const answer = askPool(pool)
    const closed = pool.close()
    expect((await answer).body).toBe('{}')
    await closed
    expect(pool.connections).toBe(0)
    await expect(askPool(pool)).rejects.toMatchObject({ code: 'HTTP_POOL_CLOSED' })
  })
})
