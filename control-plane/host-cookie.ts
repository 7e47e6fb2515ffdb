/**
 * `__Host-`: a browser takes it only over HTTPS, for the whole host and for no other one, so that neither a neighbour
 * below the same domain nor plain HTTP can plant it (RFC 6265bis, section 4.1.3.2).
 */
export type HostCookieName = `__Host-${string}`

const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax'

/** A Set-Cookie header that gives a browser a cookie for so long; 0 takes it away. */
export function setHostCookie(name: HostCookieName, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; ${attributes}`
}

/**
 * The value that a Cookie header gives a name. Two different ones mean that somebody planted one (cookie tossing): as it
 * cannot be told which, neither counts.
 */
export function readHostCookie(header: string | null, name: HostCookieName): string | null {
  const [value, ...others] = valuesOf(header, name)
  return value === undefined || others.length > 0 ? null : value
}

/** Whether a Cookie header gives a name any value, be it one that does not count. */
export function namesHostCookie(header: string | null, name: HostCookieName): boolean {
  return valuesOf(header, name).size > 0
}

function valuesOf(header: string | null, name: HostCookieName): ReadonlySet<string> {
  return new Set(
    (header ?? '').split(';').flatMap((pair) => {
      const [given = '', ...value] = pair.split('=')
      return given.trim() === name ? value.join('=').trim() : []
    }),
  )
}
