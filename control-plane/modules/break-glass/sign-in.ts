import { systemActor } from '../../actor.ts'
import { digestOfSecret } from '../../secrets/random-secret.ts'
import type { ServiceContext } from '../../service-context.ts'
import { SignInRefused } from '../../sign-in/refused.ts'
import { recordAudit } from '../audit/index.ts'
import { readUserRights } from '../roles/index.ts'
import { type User, UserEntity } from '../users/index.ts'
import { type BreakGlassAccount, BreakGlassAccountEntity } from './entity.ts'
import { countFailure, type FailurePlace, forgetFailures } from './failures.ts'
import { matchesPassword } from './password.ts'
import { totpSecretPlace } from './secret.ts'
import { totpStepOf } from './totp.ts'

export interface BreakGlassAttempt {
  readonly organizationId: string
  /** A user's id or e-mail address. */
  readonly user: string
  readonly password: string
  readonly code: string
  /** Who sent it, see `senderAddress`. */
  readonly address: string
}

interface Candidate {
  readonly account: BreakGlassAccount
  readonly user: User
}

/**
 * Who this is, by a local password and a code of an authenticator. Each use and each failure of somebody who may is an alert.
 * Unknown people and wrong passwords take the same work and get the same answer.
 *
 * @returns the user's id
 * @throws SignInRefused `break_glass_refused`, `break_glass_locked`; TooManyAtOnce
 */
export async function signInBreakGlass(context: ServiceContext, attempt: BreakGlassAttempt): Promise<string> {
  const { organizationId, address } = attempt
  const candidate = await findCandidate(context, attempt)
  const subject = candidate?.user.id ?? `nobody:${digestOfSecret(attempt.user)}`
  const place = { organizationId, subject, address }
  if (!(await mayTry(context, place))) throw await alert(context, candidate, attempt, locked())
  const isPassword = await matchesPassword(attempt.password, candidate?.account.passwordHash ?? null)
  if (!candidate || !isPassword) throw await alert(context, candidate, attempt, refused())
  // Whoever has the password could try codes from everywhere. That it is right is not told.
  const codes = { ...place, subject: `codes of ${subject}`, address: 'everywhere' }
  if (!(await mayTry(context, codes)) || !(await useCode(context, candidate, attempt, [place, codes]))) {
    throw await alert(context, candidate, attempt, refused())
  }
  await alert(context, candidate, attempt, null)
  return candidate.user.id
}

/** Somebody who is enrolled, active, and has a role. */
function findCandidate(
  { database, now }: ServiceContext,
  { organizationId, user: named }: BreakGlassAttempt,
): Promise<Candidate | null> {
  return database.transaction(organizationId, async (em) => {
    const by = named.includes('@') ? { email: named.toLowerCase() } : { id: named }
    const user = await em.findOne(UserEntity, { ...by, active: true })
    const account = await em.findOne(BreakGlassAccountEntity, {
      ...{ userId: user?.id ?? '', enrolledAt: { $ne: null } },
    })
    const rights = await readUserRights(em, user?.id ?? '', now())
    return user && account && rights ? { user, account } : null
  })
}

function mayTry({ database, now }: ServiceContext, place: FailurePlace): Promise<boolean> {
  return database.transaction(place.organizationId, (em) => countFailure(em, place, now()))
}

/** Once for each code, of two that come at once too. */
function useCode(
  { database, secrets, now }: ServiceContext,
  { account, user }: Candidate,
  { organizationId, code }: BreakGlassAttempt,
  places: readonly FailurePlace[],
): Promise<boolean> {
  return database.transaction(organizationId, async (em) => {
    const [row] = await em.execute<{ sealed: string; lastStep: number | null }[]>(
      `select sealed_totp_secret as sealed, last_totp_step::float8 as "lastStep" from break_glass_accounts
       where id = ? and user_id = ? and enrolled_at is not null for update`,
      [account.id, user.id],
    )
    if (!row) return false
    const secret = secrets.openValue(totpSecretPlace(account), row.sealed)
    const step = totpStepOf(secret, code, { now: now(), lastStep: row.lastStep })
    if (step === null) return false
    await em.execute('update break_glass_accounts set last_totp_step = ?, last_used_at = ? where id = ?', [
      ...[step, new Date(now()), account.id],
    ])
    for (const place of places) await forgetFailures(em, place)
    return true
  })
}

/**
 * Of people who may not sign in so there is the log alone, for anybody can make as many as they like; the work is the same,
 * so that nobody learns by the clock who may.
 */
async function alert<Refusal extends SignInRefused | null>(
  { database, log, now }: ServiceContext,
  candidate: Candidate | null,
  { organizationId, address }: BreakGlassAttempt,
  refusal: Refusal,
): Promise<Refusal> {
  const userId = candidate?.user.id ?? null
  const what = refusal === null ? 'a break-glass password was used' : 'a break-glass sign-in was refused'
  log[refusal === null ? 'error' : 'warn']({ organizationId, userId, address, code: refusal?.code }, what)
  if (refusal?.code === 'break_glass_locked') return refusal
  const entry = {
    type: refusal === null ? 'break_glass.used' : 'break_glass.refused',
    subject: { kind: 'user', id: userId ?? 'nobody' },
    outcome: refusal === null ? ('succeeded' as const) : ('denied' as const),
    details: { name: candidate?.user.name ?? null, address, severity: 'high' },
  }
  await database
    .transaction(organizationId, async (em) => {
      await recordAudit(em, systemActor(organizationId), entry, new Date(now()))
      if (!candidate) throw new NobodyConcerned()
    })
    .catch((error: unknown) => {
      if (!(error instanceof NobodyConcerned)) throw error
    })
  return refusal
}

class NobodyConcerned extends Error {}

function refused(): SignInRefused {
  return new SignInRefused(
    'break_glass_refused',
    'Not signed in: the user, the password or the code is not right, or the code was used before. After five failures wait 15 minutes',
  )
}

function locked(): SignInRefused {
  return new SignInRefused(
    'break_glass_locked',
    'Five attempts have failed: wait 15 minutes. Whoever runs Gatehouse can let an administrator in with "gatehouse recover-admin"',
  )
}
