import { type Failure, failureOf, failureOfStatus, isFailure } from './failure.ts'

const answerWithinMs = 30_000

/** A provider at which one can sign in. */
export interface OfferedProvider {
  readonly name: string
  readonly kind: string
  readonly loginUrl: string
}

export type Offer =
  | { readonly state: 'offered'; readonly providers: readonly OfferedProvider[] }
  /** Several organizations share this installation, or the one that was named is none of them. */
  | { readonly state: 'organization_unknown' }
  | { readonly state: 'failed'; readonly failure: Failure }

/** Where one can sign in. */
export async function readOffer(organization: string | undefined): Promise<Offer> {
  const query = organization === undefined ? '' : `?${new URLSearchParams({ organization })}`
  try {
    const response = await ask(`/auth/providers${query}`, 'GET')
    const body = await response.json()
    if (response.ok) return { state: 'offered', providers: body.providers }
    const { type, message } = body.error
    if (type === 'organization_unknown') return { state: 'organization_unknown' }
    const failure = failureOfStatus(response.status, message, response.headers.get('retry-after'))
    return { state: 'failed', failure }
  } catch (error) {
    return { state: 'failed', failure: failureOf(error) }
  }
}

/** The provider's login address, from which one comes back to a page of ours. */
export function loginAddress({ loginUrl }: OfferedProvider, returnTo: string): string {
  const url = new URL(loginUrl)
  url.searchParams.set('returnTo', returnTo)
  return url.href
}

/** Ends this browser's session. @returns where it is ended at the provider too; null: nowhere. @throws Failure */
export async function signOut(): Promise<string | null> {
  const { endSessionUrl } = await endSessions('')
  return endSessionUrl
}

/** Ends one session of one's own. @throws Failure */
export async function endSession(id: string): Promise<void> {
  await endSessions(`?${new URLSearchParams({ session: id })}`)
}

/** Ends all of one's sessions but this one. @throws Failure */
export async function endOtherSessions(): Promise<void> {
  await endSessions('?session=others')
}

async function endSessions(query: string): Promise<{ endSessionUrl: string | null }> {
  return post(`/auth/logout${query}`)
}

/** What somebody signs in with when no identity provider answers. */
export interface BreakGlassCredentials {
  /** E-mail address or id. */
  readonly user: string
  readonly password: string
  /** Of their authenticator. */
  readonly code: string
  /** Where several share this installation. */
  readonly organization?: string | undefined
}

/** From now on this browser has a session. @throws Failure */
export async function signInBreakGlass(credentials: BreakGlassCredentials): Promise<void> {
  await post('/auth/break-glass', credentials)
}

/** Chooses a password. @returns what the authenticator reads as a QR code @throws Failure */
export async function beginEnrolment(chosen: {
  readonly enrolmentSecret: string
  readonly password: string
}): Promise<string> {
  const { totpUri } = await post<{ totpUri: string }>('/auth/break-glass/enrolment', chosen)
  return totpUri
}

/** From now on the password and the authenticator sign in. @throws Failure */
export async function confirmEnrolment(confirmation: {
  readonly enrolmentSecret: string
  readonly code: string
}): Promise<void> {
  await post('/auth/break-glass/enrolment/confirmation', confirmation)
}

async function post<Answer>(path: string, body?: object): Promise<Answer> {
  try {
    const response = await ask(path, 'POST', body)
    if (!response.ok) throw await refusalOf(response)
    const text = await response.text()
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  } catch (error) {
    throw isFailure(error) ? error : failureOf(error)
  }
}

/** A load balancer says what it says in its own way. */
async function refusalOf(response: Response): Promise<Failure> {
  const body: { error?: { message?: string } } = await response.json().catch(() => ({}))
  const message = body.error?.message ?? `The control plane answers ${response.status}.`
  return failureOfStatus(response.status, message, response.headers.get('retry-after'))
}

function ask(path: string, method: 'GET' | 'POST', body?: object): Promise<Response> {
  const headers = { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) }
  const signal = AbortSignal.timeout(answerWithinMs)
  return fetch(path, { method, headers, signal, ...(body && { body: JSON.stringify(body) }) })
}
