import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import { ResponseParser } from '../../../../plugins/provider/http1/response-parser.ts'

/** What a reader makes of the bytes of a connection: one whole response, or nothing to rely on. */
export type Reading =
  | { readonly isClean: true; readonly status: number; readonly body: string; readonly used: number }
  | { readonly isClean: false; readonly body: string; readonly error: string }

/** @param cuts where one read ends and the next begins */
export function readWithParser(bytes: Buffer, cuts: readonly number[] = []): Reading {
  const parser = new ResponseParser()
  const pieces: Buffer[] = []
  const body = () => Buffer.concat(pieces).toString('latin1')
  const positions = [...new Set(cuts.filter((cut) => cut > 0 && cut < bytes.length))].sort((a, b) => a - b)
  let used = 0
  try {
    for (const [index, start] of [0, ...positions].entries()) {
      if (parser.isComplete) break
      used += parser.read(bytes.subarray(start, positions[index] ?? bytes.length), pieces)
    }
    if (!parser.finish()) return { isClean: false, body: body(), error: 'cut' }
  } catch (error) {
    return { isClean: false, body: body(), error: String(error) }
  }
  return { isClean: true, status: parser.head?.status ?? 0, body: body(), used }
}

/** Node's own client, llhttp inside, reading the same bytes from a connection that is closed behind them. */
export async function startReference(): Promise<(bytes: Buffer) => Promise<Reading>> {
  let sent: Buffer = Buffer.alloc(0)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(sent))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => void server.close())
  const { port } = server.address() as AddressInfo
  return (bytes) => {
    sent = bytes
    return readWithNode(port)
  }
}

function readWithNode(port: number): Promise<Reading> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    const body = () => Buffer.concat(pieces).toString('latin1')
    const fail = (error: unknown) => resolve({ isClean: false, body: body(), error: String(error) })
    const asked = request(
      { host: '127.0.0.1', port, method: 'POST', agent: false, maxHeaderSize: 80_000 },
      (response) => {
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', fail)
        response.on('end', () => {
          if (!response.complete) return fail('incomplete')
          resolve({ isClean: true, status: response.statusCode ?? 0, body: body(), used: 0 })
        })
      },
    )
    asked.on('error', fail)
    asked.on('upgrade', (_response, socket) => {
      socket.destroy()
      fail('upgrade')
    })
    asked.end()
  })
}
