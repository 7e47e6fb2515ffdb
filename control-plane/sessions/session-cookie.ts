import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * `__Host-`: a browser takes it only over HTTPS, for the whole host and for no other one, so that neither a neighbour
 * below the same domain nor plain HTTP can plant it (RFC 6265bis, section 4.1.3.2).
 */
export const sessionCookieName = '__Host-gatehouse-session'

/** `<organization id>.<session id>.<secret>`: names its row, so that nothing is searched by the secret. */
export interface SessionToken {
  readonly organizationId: string
  readonly id: string
  readonly secret: string
}

const longestValue = 256
const idForm = /^[A-Za-z0-9_-]{1,64}$/
/** 256 bits in base64url. */
const secretForm = /^[A-Za-z0-9_-]{43}$/

export function newSessionSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** The secret has 256 bits of its own, so that a plain hash is as good as a slow one. Hex. */
export function digestOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export function matchesDigest(secret: string, digest: string): boolean {
  const presented = Buffer.from(digestOfSecret(secret))
  const stored = Buffer.from(digest)
  return presented.length === stored.length && timingSafeEqual(presented, stored)
}

export function parseSessionToken(value: string): SessionToken | null {
  if (value.length > longestValue) return null
  const [organizationId = '', id = '', secret = '', ...rest] = value.split('.')
  if (!idForm.test(organizationId) || !idForm.test(id) || !secretForm.test(secret)) return null
  return rest.length === 0 ? { organizationId, id, secret } : null
}

/**
 * The session that a Cookie header names. Two different values mean that somebody planted one (cookie tossing): as it
 * cannot be told which, neither counts.
 */
export function readSessionCookie(header: string | null): SessionToken | null {
  const values = new Set((header ?? '').split(';').flatMap(sessionValueOf))
  const [value, ...others] = values
  return value === undefined || others.length > 0 ? null : parseSessionToken(value)
}

function sessionValueOf(pair: string): string[] {
  const [name = '', ...value] = pair.split('=')
  return name.trim() === sessionCookieName ? [value.join('=').trim()] : []
}

const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax'

/** A Set-Cookie header that gives a browser its session. */
export function sessionCookie({ organizationId, id, secret }: SessionToken, maxAgeMs: number): string {
  const maxAge = Math.max(0, Math.floor(maxAgeMs / 1_000))
  return `${sessionCookieName}=${organizationId}.${id}.${secret}; Max-Age=${maxAge}; ${attributes}`
}

/** A Set-Cookie header that takes it away. */
export const clearedSessionCookie = `${sessionCookieName}=; Max-Age=0; ${attributes}`
