import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { wholeAnswer } from '../raw-upstream.ts'
import { askPool } from './ask-pool.ts'
import { ok, startPool, turn } from './start-pool.ts'

/** Numerical Recipes' generator: the same faults in every run. */
function drawsFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const faults: ((socket: Socket, answer: string, draw: () => number) => void)[] = [
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  (socket, answer, draw) => socket.end(answer.slice(0, Math.floor(draw() * answer.length))),
  (socket, answer) => socket.end(answer),
  (socket, answer) => void socket.write(answer, () => socket.resetAndDestroy()),
  (socket, answer) => void socket.write(answer, () => setImmediate(() => socket.end())),
  (socket, answer) => void socket.write(answer, () => setTimeout(() => socket.destroy(), 1)),
  (socket, answer) => void socket.write(answer + answer),
]

describe('against a server that closes whenever it likes', () => {
  it.each([1, 8])('every call ends, with its own answer or an error: %i at a time', async (concurrency) => {
    const draw = drawsFrom(20_26)
    const { pool } = await startPool((socket, { path }) => {
      const answer = wholeAnswer(200, JSON.stringify({ path, padding: 'x'.repeat(Math.floor(draw() * 200)) }))
      const fault = faults[Math.floor(draw() * 20)]
      if (fault) fault(socket, answer, draw)
      else socket.write(answer)
    })
    const counts = { answered: 0, failed: 0 }
    let next = 0
    const worker = async () => {
      while (next < 2000) {
        const path = `/${next++}`
        await askPool(pool, { path }).then(
          ({ body }) => {
            expect(JSON.parse(body).path).toBe(path)
            counts.answered += 1
          },
          () => {
            counts.failed += 1
          },
        )
        if (draw() < 0.5) await turn()
      }
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
    expect(counts.answered + counts.failed).toBe(2000)
    expect(counts.answered).toBeGreaterThan(1000)
    expect(counts.failed).toBeGreaterThan(100)
    expect(pool.connections).toBeLessThan(50)
  })
})

it('5 000 calls leave no sockets and no listeners behind', async () => {
  const opened: Socket[] = []
  const note = (message: unknown) => void opened.push((message as { socket: Socket }).socket)
  subscribe('net.client.socket', note)
  onTestFinished(() => void unsubscribe('net.client.socket', note))
  const { pool, seen } = await startPool(ok)
  const round = async (calls: number) => {
    const worker = async () => {
      for (let call = 0; call < calls / 10; call++) {
        await askPool(pool)
        await turn()
      }
    }
    await Promise.all(Array.from({ length: 10 }, worker))
  }
  const listeners = () =>
    opened.map((socket) => socket.eventNames().map((name) => [name, socket.listenerCount(name)]))
  await round(100)
  const before = { connections: pool.connections, listeners: listeners() }
  await round(4900)
  expect({ connections: pool.connections, listeners: listeners() }).toEqual(before)
  expect(seen.size).toBeLessThanOrEqual(10)
  await pool.close()
  expect(opened.filter(({ destroyed }) => !destroyed)).toEqual([])
})
