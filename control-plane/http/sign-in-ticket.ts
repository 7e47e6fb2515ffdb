import { readHostCookie, setHostCookie } from '../host-cookie.ts'
import { type Attempt, attemptLimitSeconds, takeAttempt } from '../modules/identity-providers/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { SignInRefused } from '../sign-in/refused.ts'

const cookieName = '__Host-gatehouse-sign-in'

/** Binds a sign-in to the browser in which it began, so that nobody can be signed in as somebody else (RFC 9700, section 2.1.2). */
export function ticketCookie(ticket: string): string {
  return setHostCookie(cookieName, ticket, attemptLimitSeconds)
}

export const clearedTicket = setHostCookie(cookieName, '', 0)

/** The sign-in that this browser began; it is over, however it ends. @throws SignInRefused `sign_in_unknown` */
export async function takeTicket(services: ServiceContext, cookies: string | null): Promise<Attempt> {
  const ticket = readHostCookie(cookies, cookieName)
  const attempt = ticket === null ? null : await takeAttempt(services, ticket)
  if (attempt) return attempt
  throw new SignInRefused(
    'sign_in_unknown',
    'This browser has begun no sign-in, or ten minutes ago, or has completed it already: begin again',
  )
}

const longestPath = 2_048

/** Where to go afterwards: a path of ours, or `/`. @throws SignInRefused `return_to_invalid` */
export function returnPath(wanted: string | undefined, publicUrl: string): string {
  if (wanted === undefined) return '/'
  const isPath =
    typeof wanted === 'string' && wanted.length <= longestPath && /^\/(?![/\\])[!-~]*$/.test(wanted)
  if (
    isPath &&
    !wanted.includes('\\') &&
    URL.parse(wanted, publicUrl)?.origin === new URL(publicUrl).origin
  ) {
    return wanted
  }
  throw new SignInRefused('return_to_invalid', 'returnTo must be a path of Gatehouse, such as "/"')
}
