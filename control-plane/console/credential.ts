/**
 * An API token, in place of the session that a cookie names. It is kept in memory alone: a reload forgets it, and nothing
 * that is stored in the browser can be stolen.
 */
let token: string | null = null

export function keepToken(value: string): void {
  token = value
}

export function forgetToken(): void {
  token = null
}

export function hasToken(): boolean {
  return token !== null
}

/** Who a request says that it comes from. A token and a cookie together would be a guess, which the API refuses. */
export function credentialOf(value: string | null = token): RequestInit {
  if (value === null) return { credentials: 'same-origin' }
  return { headers: { authorization: `Bearer ${value}` }, credentials: 'omit' }
}
