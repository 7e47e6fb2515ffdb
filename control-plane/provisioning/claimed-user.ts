import type { EntityManager } from '@mikro-orm/postgresql'
import { refuseViolations } from '../db/constraints.ts'
import { newId } from '../db/id.ts'
import { type UserIdentity, UserIdentityEntity } from '../modules/identity-providers/index.ts'
import { UserEntity } from '../modules/users/index.ts'
import { addUser, recordUsers } from '../modules/users/service.ts'
import { type Claims, readClaim } from '../sign-in/claims.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { Provisioning, ToldPerson } from './provision-user.ts'

const longestName = 128

/**
 * Makes a user of somebody who signs in for the first time. An e-mail address never says who somebody is: one that another
 * user has is a refusal, and no way into that user.
 *
 * @throws SignInRefused `user_unknown`, `email_taken`
 */
export async function createClaimedUser(
  provisioning: Provisioning,
  person: ToldPerson,
): Promise<UserIdentity> {
  if (!provisioning.provider.createsUsers)
    throw new SignInRefused('user_unknown', 'Nobody is made a user by signing in here: ask an administrator')
  const [identity] = await makeClaimedUsers(provisioning, [person])
  if (!identity) throw emailTaken()
  return identity
}

/**
 * As {@link createClaimedUser}, many at once, whoever is made a user there. Whose e-mail address another user has is left
 * out.
 *
 * @throws SignInRefused `email_taken` where another user came by it just now
 */
export async function makeClaimedUsers(
  { context, em, actor, provider: { id: providerId, organizationId } }: Provisioning,
  people: readonly ToldPerson[],
): Promise<UserIdentity[]> {
  const createdAt = new Date(context.now())
  const taken = await readTaken(em, people)
  const made = people.flatMap(({ subject, claims }) => {
    const email = emailOf(claims)
    if (email !== null && taken.has(email)) return []
    if (email !== null) taken.add(email)
    return { subject, user: addUser(context, em, actor, { name: nameOf(claims, subject), email }) }
  })
  const users = made.map(({ user }) => user)
  await refuseViolations({ unique: { users_email_key: emailTaken } }, recordUsers(context, em, actor, users))
  return made.map(({ subject, user: { id: userId } }) =>
    em.create(UserIdentityEntity, {
      ...{ id: newId('uid'), organizationId, userId, providerId, subject },
      ...{ roleAssignmentId: null, createdAt, lastSignedInAt: null, decommissionedAt: null },
    }),
  )
}

/** Of the e-mail addresses of these people those that users have: the first that cannot be had would fail all others. */
async function readTaken(em: EntityManager, people: readonly ToldPerson[]): Promise<Set<string>> {
  const emails = people.flatMap(({ claims }) => emailOf(claims) ?? [])
  if (emails.length === 0) return new Set()
  const taken = await em.find(
    UserEntity,
    { email: { $in: emails } },
    { fields: ['email'], disableIdentityMap: true },
  )
  return new Set(taken.flatMap(({ email }) => email ?? []))
}

const emailTaken = () =>
  new SignInRefused(
    'email_taken',
    'Another user has your e-mail address: an administrator links you to them, or takes it from them',
  )

function nameOf(claims: Claims, subject: string): string {
  for (const claim of ['name', 'preferred_username', 'email']) {
    const [value] = typeof claims[claim] === 'string' ? readClaim(claims, claim) : []
    const name = value
      ?.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
      .slice(0, longestName)
      .toWellFormed()
      .trim()
    if (name) return name
  }
  return subject.slice(0, longestName)
}

/** One that the provider says it did not verify is left out. */
function emailOf({ email, email_verified: isVerified }: Claims): string | null {
  if (typeof email !== 'string' || isVerified === false || isVerified === 'false') return null
  const isUsable = email.length <= 254 && /^[^\s@\p{Cc}\p{Cf}]+@[^\s@\p{Cc}\p{Cf}]+$/u.test(email)
  return isUsable ? email.toLowerCase() : null
}
