import { type HostCookieName, namesHostCookie, readHostCookie, setHostCookie } from '../host-cookie.ts'

export const sessionCookieName = '__Host-gatehouse-session' satisfies HostCookieName

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

export function parseSessionToken(value: string): SessionToken | null {
  if (value.length > longestValue) return null
  const [organizationId = '', id = '', secret = '', ...rest] = value.split('.')
  if (!idForm.test(organizationId) || !idForm.test(id) || !secretForm.test(secret)) return null
  return rest.length === 0 ? { organizationId, id, secret } : null
}

/** The session that a Cookie header names. */
export function readSessionCookie(header: string | null): SessionToken | null {
  const value = readHostCookie(header, sessionCookieName)
  return value === null ? null : parseSessionToken(value)
}

/** Whether a Cookie header claims to name a session, be it none that can be. */
export function namesSessionCookie(header: string | null): boolean {
  return namesHostCookie(header, sessionCookieName)
}

/** A Set-Cookie header that gives a browser its session. */
export function sessionCookie({ organizationId, id, secret }: SessionToken, maxAgeMs: number): string {
  const maxAge = Math.max(0, Math.floor(maxAgeMs / 1_000))
  return setHostCookie(sessionCookieName, `${organizationId}.${id}.${secret}`, maxAge)
}

/** A Set-Cookie header that takes it away. */
export const clearedSessionCookie = setHostCookie(sessionCookieName, '', 0)
