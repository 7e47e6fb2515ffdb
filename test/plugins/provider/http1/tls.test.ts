import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isPrivateHost } from '../../../../contract/private-host.ts'
import { Pool } from '../../../../plugins/provider/http1/pool.ts'
import { askPool } from './ask-pool.ts'
import { type Certificate, selfSigned } from './certificate.ts'

const trusted = selfSigned('localhost')
const elsewhere = selfSigned('elsewhere.example')

async function startTlsServer(
  certificate: Certificate,
  alpn: string[] | undefined,
  answer: (socket: TLSSocket) => string,
) {
  const sockets: TLSSocket[] = []
  const server = createServer({ ...certificate, ...(alpn ? { ALPNProtocols: alpn } : {}) }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => socket.write(answer(socket)))
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, sockets }
}

function openPool(origin: string, ca?: string): Pool {
  const pool = new Pool({ origin, connectTimeoutMs: 2_000, maxConnections: 4, ...(ca ? { ca } : {}) })
  onTestFinished(() => pool.close())
  return pool
}

const describeConnection = (socket: TLSSocket) => {
  const text = JSON.stringify({
    alpn: socket.alpnProtocol,
    reused: socket.isSessionReused(),
    // Only a server's socket has it.
    name: Reflect.get(socket, 'servername'),
  })
  return `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${text.length}\r\n\r\n${text}`
}

describe('over TLS', () => {
  it('names the server, speaks HTTP/1.1 alone, and resumes its session', async () => {
    const { port } = await startTlsServer(trusted, ['h2', 'http/1.1'], describeConnection)
    const pool = openPool(`https://localhost:${port}`, trusted.cert)
    const first = JSON.parse((await askPool(pool)).body)
    expect(first).toEqual({ alpn: 'http/1.1', reused: false, name: 'localhost' })
    const second = JSON.parse((await askPool(pool)).body)
    expect(second).toEqual({ alpn: 'http/1.1', reused: true, name: 'localhost' })
  })

  it('an address that is refused hears no secret', async () => {
    const { port, sockets } = await startTlsServer(trusted, ['http/1.1'], describeConnection)
    const origin = `https://localhost:${port}`
    const pool = new Pool({
      ...{ origin, connectTimeoutMs: 2_000, maxConnections: 1, ca: trusted.cert },
      refuses: isPrivateHost,
    })
    onTestFinished(() => pool.close())
    await expect(askPool(pool)).rejects.toMatchObject({ code: 'HTTP_ADDRESS_REFUSED' })
    expect([...sockets]).toEqual([])
  })

  it('an address is no name to send, and is checked all the same', async () => {
    const { port } = await startTlsServer(trusted, undefined, describeConnection)
    const { body } = await askPool(openPool(`https://127.0.0.1:${port}`, trusted.cert))
    expect(JSON.parse(body)).toEqual({ alpn: false, reused: false, name: false })
  })

  it.each([
    ['nobody vouches for', trusted, undefined, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['another one vouches for', trusted, elsewhere.cert, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['is for another name', elsewhere, elsewhere.cert, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('a certificate that %s is refused before a byte is sent', async (_, certificate, ca, code) => {
    let asked = 0
    const { port } = await startTlsServer(certificate, undefined, (socket) => {
      asked += 1
      return describeConnection(socket)
    })
    const pool = openPool(`https://localhost:${port}`, ca)
    await expect(askPool(pool)).rejects.toMatchObject({ code })
    expect(asked).toBe(0)
    expect(pool.connections).toBe(0)
  })

  it('a server that never answers the handshake is given up', async () => {
    const server = createTcpServer((socket) => void socket.on('error', () => undefined)).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const pool = openPool(`https://localhost:${port}`, trusted.cert)
    await expect(askPool(pool)).rejects.toMatchObject({ code: 'HTTP_CONNECT_TIMEOUT' })
    expect(pool.connections).toBe(0)
  })
})
