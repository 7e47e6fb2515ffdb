import { NameTaken } from '../graphql/refusals.ts'
import { createUser } from '../modules/users/service.ts'
import { readClaim } from '../sign-in/claims.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { Provisioning } from './provision-user.ts'

const longestName = 128

/**
 * Makes a user of somebody who signs in for the first time. An e-mail address never says who somebody is: one that another
 * user has is a refusal, and no way into that user.
 *
 * @throws SignInRefused `user_unknown`, `email_taken`
 */
export async function createClaimedUser(provisioning: Provisioning, subject: string): Promise<string> {
  if (provisioning.provider.createsUsers) return makeClaimedUser(provisioning, subject)
  throw new SignInRefused('user_unknown', 'Nobody is made a user by signing in here: ask an administrator')
}

/** As {@link createClaimedUser}, whoever is made a user there. @throws SignInRefused `email_taken` */
export async function makeClaimedUser(
  { context, actor, claims }: Provisioning,
  subject: string,
): Promise<string> {
  const email = emailOf(claims)
  try {
    const { id } = await createUser(context, actor, { name: nameOf(claims, subject), email })
    return id
  } catch (error) {
    if (!(error instanceof NameTaken)) throw error
    throw new SignInRefused(
      'email_taken',
      'Another user has your e-mail address: an administrator links you to them, or takes it from them',
    )
  }
}

function nameOf(claims: Provisioning['claims'], subject: string): string {
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
function emailOf({ email, email_verified: isVerified }: Provisioning['claims']): string | null {
  if (typeof email !== 'string' || isVerified === false || isVerified === 'false') return null
  return email.length <= 254 && /^[^\s@\p{Cc}\p{Cf}]+@[^\s@\p{Cc}\p{Cf}]+$/u.test(email) ? email : null
}
