import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow, requireRow } from '../../db/require-row.ts'
import { NameTaken } from '../../graphql/refusals.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { lockRoleGraph, RoleEntity } from '../roles/index.ts'
import { UserEntity } from '../users/index.ts'
import { checkedFields, type PolicyFields } from './checked-fields.ts'
import { AccessPolicyEntity, type AccessPolicyRow } from './entity.ts'
import { TooManyAccessPolicies } from './errors.ts'
import { requireKeeper } from './lockout.ts'
import { termsOf } from './restricted.ts'

export type CreateAccessPolicy = PolicyFields
export type UpdateAccessPolicy = ExpectedVersion & { readonly id: string } & {
  /** What is left out stays. */
  readonly [Field in keyof PolicyFields]?: PolicyFields[Field] | null | undefined
}

const mostPolicies = 100

/** @throws BadUserInput, NameTaken, NotFound, TooManyAccessPolicies, PolicyLockout */
export function createAccessPolicy(
  context: ServiceContext,
  actor: Actor,
  input: CreateAccessPolicy,
): Promise<AccessPolicyRow> {
  actor.require('access_policies:create', organizationWide)
  const fields = checkedFields({ ...blank, effect: input.effect }, input)
  const work = transactionOf(context, actor, async (em) => {
    await lockRoleGraph(em, actor.organizationId)
    if ((await em.count(AccessPolicyEntity, {})) >= mostPolicies) {
      throw new TooManyAccessPolicies(String(mostPolicies))
    }
    const policy = em.create(AccessPolicyEntity, {
      ...{ id: newId('pol'), organizationId: actor.organizationId, ...fields },
      createdAt: new Date(context.now()),
    })
    await completeChange(context, em, actor, policy, {})
    return policy
  })
  return refuseViolations(nameTaken(fields.name), work)
}

/** It holds as it is now from the next request on. @throws BadUserInput, NotFound, NameTaken, StaleUpdate, PolicyLockout */
export function updateAccessPolicy(
  context: ServiceContext,
  actor: Actor,
  { id, expectedVersion, ...input }: UpdateAccessPolicy,
): Promise<AccessPolicyRow> {
  actor.require('access_policies:update', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    await lockRoleGraph(em, actor.organizationId)
    const policy = await lockRow(em, AccessPolicyEntity, 'access policy', id, { expectedVersion })
    const before = detailsOf(policy)
    Object.assign(policy, checkedFields(fieldsOf(policy), given(input)))
    await completeChange(context, em, actor, policy, { before })
    return policy
  })
  return refuseViolations(nameTaken(input.name ?? ''), work)
}

/** @throws NotFound */
export function deleteAccessPolicy(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  actor.require('access_policies:delete', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const policy = await lockRow(em, AccessPolicyEntity, 'access policy', id)
    em.remove(policy)
    const details = { before: detailsOf(policy) }
    await recordChange(context, em, actor, { type: 'access_policy.deleted', subject: subjectOf(id), details })
    return { id }
  })
}

/** The roles stay locked until then: none that a policy names goes meanwhile, and nobody else locks everybody out. */
async function completeChange(
  context: ServiceContext,
  em: EntityManager,
  actor: Actor,
  policy: AccessPolicyRow,
  { before }: { readonly before?: ReturnType<typeof detailsOf> },
): Promise<void> {
  for (const id of policy.roleIds) await requireRow(em, RoleEntity, 'role', id)
  // Users may be deleted while a policy names them.
  const named = before?.userIds ?? []
  for (const id of policy.userIds) if (!named.includes(id)) await requireRow(em, UserEntity, 'user', id)
  await recordChange(context, em, actor, describe(policy, before))
  await requireKeeper(em, actor, policy, context.now())
}

/** A policy belongs to the organization, not to a workspace. */
const organizationWide = { workspaceId: null }

const blank = {
  ...{ name: '', description: '', enabled: true, permissions: [], everybody: false },
  ...{ roleIds: [], userIds: [], timeWindows: [], condition: null },
}

/** Of what an update says, what it says; a condition alone may be taken away by null. */
function given(input: Omit<UpdateAccessPolicy, 'id' | 'expectedVersion'>): Partial<PolicyFields> {
  const said = Object.entries(input).filter(
    ([field, value]) => value != null || (field === 'condition' && value === null),
  )
  return Object.fromEntries(said)
}

function fieldsOf(policy: AccessPolicyRow) {
  const { id: _id, ...terms } = termsOf(policy)
  return { ...terms, description: policy.description, enabled: policy.enabled }
}

export function detailsOf(policy: AccessPolicyRow) {
  const { timeWindows, ...fields } = fieldsOf(policy)
  const windows = timeWindows.map(({ days, ...window }) => ({ ...window, days: [...days] }))
  return { ...fields, timeWindows: windows }
}

/** The audit event of a policy as it is now. */
export function describe(policy: AccessPolicyRow, before?: ReturnType<typeof detailsOf>) {
  const type = before ? 'access_policy.updated' : 'access_policy.created'
  const details = { ...(before && { before }), after: detailsOf(policy) }
  return { type, subject: subjectOf(policy.id), details }
}

const subjectOf = (id: string) => ({ kind: 'access_policy', id })

const nameTaken = (name: string) => ({
  unique: { access_policies_name_key: () => new NameTaken('access policy', name) },
})
