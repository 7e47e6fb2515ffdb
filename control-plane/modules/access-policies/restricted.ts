import type { EntityManager } from '@mikro-orm/postgresql'
import type { ActorIdentity } from '../../actor.ts'
import { type AccessPolicy, compilePolicy } from '../../authorization/access-policy.ts'
import type { PolicySubject, RequestFacts } from '../../authorization/circumstances.ts'
import { restrictionsOf } from '../../authorization/restrictions.ts'
import { readRoleIds } from '../roles/index.ts'
import { AccessPolicyEntity, type AccessPolicyRow } from './entity.ts'

const mostCompiled = 10_000
const compiled = new Map<string, AccessPolicy>()

/**
 * Whoever authenticated, with what the organization's access policies leave them. Read anew for every request: a policy holds
 * from the next one on.
 */
export async function restricted(
  em: EntityManager,
  identity: ActorIdentity,
  facts: RequestFacts | undefined,
  now: number,
): Promise<ActorIdentity> {
  const policies = await readPolicies(em)
  if (policies.length === 0) return { ...identity, facts }
  const subject = await subjectOf(em, identity, now)
  return { ...identity, facts, restrictions: restrictionsOf(policies, { subject, facts, now }) }
}

/** Those that are enabled, oldest first. */
async function readPolicies(em: EntityManager): Promise<AccessPolicy[]> {
  const rows = await em.find(AccessPolicyEntity, { enabled: true }, { orderBy: { id: 'asc' } })
  return rows.map(policyOf)
}

/** What says the same is compiled once. */
function policyOf(row: AccessPolicyRow): AccessPolicy {
  const terms = termsOf(row)
  const key = JSON.stringify(terms)
  const known = compiled.get(key)
  if (known) return known
  if (compiled.size >= mostCompiled) compiled.clear()
  const policy = compilePolicy(terms)
  compiled.set(key, policy)
  return policy
}

export function termsOf(row: AccessPolicyRow) {
  const { id, name, effect, permissions, everybody, roleIds, userIds, timeWindows, condition } = row
  return { id, name, effect, permissions, everybody, roleIds, userIds, timeWindows, condition }
}

/** Somebody as policies see them. */
export async function subjectOf(
  em: EntityManager,
  {
    kind,
    id,
    roleId,
    user = null,
    personId = id,
  }: Pick<ActorIdentity, 'kind' | 'id' | 'roleId' | 'user' | 'personId'>,
  now: number,
): Promise<PolicySubject> {
  const userId = user?.id ?? null
  const roleIds = await readRoleIds(em, { roleId, userId }, now)
  return { kind, id, userId, personId, teamIds: user?.teamIds ?? [], roleIds }
}
