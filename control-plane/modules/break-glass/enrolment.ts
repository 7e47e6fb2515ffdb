import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { type Actor, systemActor } from '../../actor.ts'
import { digestOfSecret } from '../../secrets/random-secret.ts'
import type { ServiceContext } from '../../service-context.ts'
import { SignInRefused } from '../../sign-in/refused.ts'
import { recordAudit } from '../audit/index.ts'
import { type User, UserEntity } from '../users/index.ts'
import { type BreakGlassAccount, BreakGlassAccountEntity } from './entity.ts'
import { checkPassword, hashPassword } from './password.ts'
import { totpSecretPlace } from './secret.ts'
import { makeTotpSecret, totpStepOf, totpUri } from './totp.ts'

interface Enrolling {
  readonly em: EntityManager
  readonly actor: Actor
  readonly account: BreakGlassAccount
  readonly user: User
}

/**
 * Takes the password of somebody to whom break-glass was granted. Until they have confirmed it with a code they may repeat
 * it.
 *
 * @returns what their authenticator is to be told, shown here alone
 * @throws SignInRefused `enrolment_refused`, BadUserInput, TooManyAtOnce
 */
export async function beginEnrolment(
  context: ServiceContext,
  { enrolmentSecret, password }: { readonly enrolmentSecret: string; readonly password: string },
): Promise<{ readonly totpUri: string }> {
  const about = await enrolling(context, enrolmentSecret, async ({ user: { name, email } }) => [name, email])
  const passwordHash = await hashPassword(checkPassword(password, about))
  const secret = makeTotpSecret()
  return enrolling(context, enrolmentSecret, async ({ account, user }) => {
    const sealedTotpSecret = context.secrets.sealValue(totpSecretPlace(account), secret)
    Object.assign(account, { passwordHash, sealedTotpSecret })
    return { totpUri: totpUri(secret, user.email ?? user.name) }
  })
}

/** From now on the user may sign in; the enrolment secret is used up. @throws SignInRefused `enrolment_refused` */
export function confirmEnrolment(
  context: ServiceContext,
  { enrolmentSecret, code }: { readonly enrolmentSecret: string; readonly code: string },
): Promise<void> {
  return enrolling(context, enrolmentSecret, async ({ em, actor, account, user }) => {
    const { sealedTotpSecret } = account
    if (sealedTotpSecret === null) throw refused('Choose a password first')
    const secret = context.secrets.openValue(totpSecretPlace(account), sealedTotpSecret)
    const step = totpStepOf(secret, code, { now: context.now(), lastStep: null })
    if (step === null) throw refused('This is not the present code of your authenticator: look at its clock')
    const at = new Date(context.now())
    Object.assign(account, {
      enrolledAt: at,
      lastTotpStep: step,
      enrolmentDigest: null,
      enrolmentExpiresAt: null,
    })
    const details = { name: user.name, severity: 'high' }
    await recordAudit(
      em,
      actor,
      { type: 'break_glass.enrolled', subject: { kind: 'user', id: user.id }, details },
      at,
    )
  })
}

/** @throws SignInRefused `enrolment_refused` unless the secret is that of a user who may enrol now */
function enrolling<T>(
  { database, now }: ServiceContext,
  enrolmentSecret: string,
  work: (enrolling: Enrolling) => Promise<T>,
): Promise<T> {
  const [organizationId = '', secret = '', ...rest] = enrolmentSecret.split('.')
  const none = () => refused('This enrolment is unknown, over or used: ask an administrator for another one')
  if (organizationId === '' || secret === '' || rest.length > 0) throw none()
  return database.transaction(organizationId, async (em) => {
    const account = await em.findOne(
      BreakGlassAccountEntity,
      { enrolmentDigest: digestOfSecret(secret), enrolmentExpiresAt: { $gt: new Date(now()) } },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    )
    const user = account && (await em.findOne(UserEntity, { id: account.userId, active: true }))
    if (!account || !user) throw none()
    const result = await work({ em, actor: systemActor(organizationId), account, user })
    await em.flush()
    return result
  })
}

function refused(message: string): SignInRefused {
  return new SignInRefused('enrolment_refused', message)
}
