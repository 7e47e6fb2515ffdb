import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'

export interface GuardOptions {
  /** Undefined: anyone on this machine may look. */
  readonly token: string | undefined
}

export type Verdict = 'pass' | 'unauthenticated' | 'foreign_host'

/**
 * Judges who may read metrics and status. Without a token the server stands on loopback alone, and a request must name
 * loopback as its host: a web page that had its own name point to this machine would name another.
 */
export function createGuard({ token }: GuardOptions): (request: FastifyRequest) => Verdict {
  if (token === undefined) {
    return ({ hostname }) => (loopbackNames.has(hostname) ? 'pass' : 'foreign_host')
  }
  const expected = digest(`Bearer ${token}`)
  // Digests have one length, so the comparison tells nothing about the token's.
  return ({ headers }) =>
    timingSafeEqual(digest(headers.authorization ?? ''), expected) ? 'pass' : 'unauthenticated'
}

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '::1'])

/** Whether an address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
