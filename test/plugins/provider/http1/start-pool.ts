import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { Pool } from '../../../../plugins/provider/http1/pool.ts'
import { type ReceivedRequest, startRawUpstream, wholeAnswer } from '../raw-upstream.ts'

/** A pool in front of a server of bytes; `seen` has the server's side of every connection that asked something. */
export async function startPool(
  answer: (socket: Socket, request: ReceivedRequest) => void,
  maxConnections = 100,
) {
  const seen = new Set<Socket>()
  const upstream = await startRawUpstream((socket, request) => {
    seen.add(socket)
    answer(socket, request)
  })
  const { origin } = new URL(upstream.baseUrl)
  const pool = new Pool({ origin, connectTimeoutMs: 2000, maxConnections })
  onTestFinished(() => pool.close())
  return { pool, upstream, seen }
}

/** The least answer. */
export const ok = (socket: Socket) => void socket.write(wholeAnswer(200, '{}'))

/** By then a connection whose call has ended can be used again. */
export const turn = () => new Promise((resolve) => setImmediate(resolve))
