import type { Requirement } from '../../assurance.ts'
import type { SealedPlace } from '../../secrets/envelope.ts'
import { digestOfSecret, makeSecret } from '../../secrets/random-secret.ts'
import type { ServiceContext } from '../../service-context.ts'

/** A sign-in under way, between the browser's leaving for the provider and its return. */
export interface Attempt {
  readonly organizationId: string
  readonly providerId: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** A path of ours, where the browser goes afterwards. */
  readonly returnTo: string
  /** What was asked for with the challenge. */
  readonly maxAgeSeconds?: number | undefined
  /** The session that is to be worth more by it; without one it begins a session. */
  readonly stepUp?: StepUp | undefined
  /** The test that it is: then it begins no session. */
  readonly testSignInId?: string | undefined
}

export interface StepUp {
  readonly sessionId: string
  readonly requirement: Requirement
}

export const attemptLimitSeconds = 600
const longestTicket = 256
/** Anybody can begin a sign-in: of more than these the oldest are forgotten, and their people begin again. */
const mostAttempts = 10_000

/** @returns the ticket that the browser keeps: without it nobody completes the sign-in */
export async function beginAttempt(
  { database, secrets, now }: ServiceContext,
  attempt: Attempt,
  { most = mostAttempts } = {},
): Promise<string> {
  const { organizationId, providerId, ...kept } = attempt
  const secret = makeSecret()
  const digest = digestOfSecret(secret)
  const sealed = secrets.sealValue(placeOf(organizationId, digest), JSON.stringify(kept))
  const expiresAt = new Date(now() + attemptLimitSeconds * 1_000)
  await database.transaction(organizationId, async (em) => {
    await em.execute(
      `delete from sign_in_attempts where org_id = ? and expires_at <= greatest(?::timestamptz, (
         select expires_at from sign_in_attempts where org_id = ? order by expires_at desc offset ? limit 1))`,
      [organizationId, new Date(now()), organizationId, most - 1],
    )
    await em.execute(
      'insert into sign_in_attempts (org_id, digest, provider_id, sealed, expires_at) values (?, ?, ?, ?, ?)',
      [organizationId, digest, providerId, sealed, expiresAt],
    )
  })
  return `${organizationId}.${secret}`
}

/** Once: whoever comes with the same ticket again finds nothing. @returns null for a ticket that is unknown, used or too old */
export async function takeAttempt(
  { database, secrets, now }: ServiceContext,
  ticket: string,
): Promise<Attempt | null> {
  const [organizationId, secret, ...rest] = ticket.length > longestTicket ? [] : ticket.split('.')
  if (!organizationId || !secret || rest.length > 0) return null
  const digest = digestOfSecret(secret)
  const [row] = await database.transaction(organizationId, (em) =>
    em.execute<{ providerId: string; sealed: string; isLate: boolean }[]>(
      `delete from sign_in_attempts where org_id = ? and digest = ?
       returning provider_id as "providerId", sealed, expires_at <= ? as "isLate"`,
      [organizationId, digest, new Date(now())],
    ),
  )
  if (!row || row.isLate) return null
  const kept: Omit<Attempt, 'organizationId' | 'providerId'> = JSON.parse(
    secrets.openValue(placeOf(organizationId, digest), row.sealed),
  )
  return { organizationId, providerId: row.providerId, ...kept }
}

function placeOf(organizationId: string, digest: string): SealedPlace {
  return { organizationId, entity: 'sign_in_attempts', field: 'sealed', id: digest }
}
