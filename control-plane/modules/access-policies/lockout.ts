import type { EntityManager } from '@mikro-orm/postgresql'
import type { Permission } from '../../../contract/permissions.ts'
import type { Actor } from '../../actor.ts'
import { type AccessPolicy, appliesTo, compilePolicy } from '../../authorization/access-policy.ts'
import type { PolicySubject } from '../../authorization/circumstances.ts'
import { readKeepers } from '../roles/index.ts'
import { AccessPolicyEntity } from './entity.ts'
import { PolicyLockout } from './errors.ts'
import { subjectOf, termsOf } from './restricted.ts'

const keeping: Permission = 'access_policies:update'
const quarterMs = 15 * 60_000
const quartersOfWeek = 7 * 24 * 4

/**
 * After a change of policies somebody is left who can change them: whoever makes the change, as they ask now, or somebody
 * whom no condition hinders, though perhaps at other times. Beyond that there is the command line.
 *
 * @param now Milliseconds since the epoch.
 * @throws PolicyLockout
 */
export async function requireKeeper(
  em: EntityManager,
  actor: Actor,
  changed: { readonly name: string },
  now: number,
): Promise<void> {
  const rows = await em.find(AccessPolicyEntity, { enabled: true })
  const hindering = rows
    .map((row) => compilePolicy(termsOf(row)))
    .filter(({ permissions }) => permissions.has(keeping))
  if (hindering.length === 0) return
  const circumstances = { subject: await subjectOf(em, actor, now), facts: actor.facts, now }
  const hinders = (policy: AccessPolicy) =>
    appliesTo(policy.terms, circumstances.subject) && policy.judge(circumstances) !== 'allows'
  if (!hindering.some(hinders)) return
  for (const keeper of await readKeepers(em, keeping, now)) {
    const subject = await subjectOf(em, keeper, now)
    const applying = hindering.filter(({ terms }) => appliesTo(terms, subject))
    if (isSometimesFree(applying, subject, now)) return
  }
  throw new PolicyLockout(changed.name)
}

/** Whether there is a time in a week at which none of these denies, whatever is known of a request. */
function isSometimesFree(policies: readonly AccessPolicy[], subject: PolicySubject, now: number): boolean {
  if (policies.some(({ terms }) => terms.condition !== null)) return false
  return Array.from({ length: quartersOfWeek }, (_, quarter) => now + quarter * quarterMs).some((time) =>
    policies.every((policy) => policy.judge({ subject, facts: undefined, now: time }) === 'allows'),
  )
}
