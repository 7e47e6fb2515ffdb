import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { checkVersion, type ExpectedVersion, requireRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkInteger } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { expandPermissions, RoleEntity } from '../roles/index.ts'
import { checkValues } from './checked-values.ts'
import { MfaPolicyEntity, type MfaRule } from './entity.ts'
import { MfaLocksOut } from './errors.ts'

export interface MfaRuleInput {
  readonly permissions?: readonly string[] | null | undefined
  readonly roleIds?: readonly string[] | null | undefined
  readonly acrValues?: readonly string[] | null | undefined
  readonly amr?: readonly string[] | null | undefined
  readonly maxAgeSeconds?: number | null | undefined
  readonly exemptsTokens?: boolean | null | undefined
}

export interface SetMfaPolicy extends ExpectedVersion {
  readonly rules: readonly MfaRuleInput[]
}

/** The rules, and the version that a change may expect; 0 while there never was one. */
export interface VersionedRules {
  readonly version: number
  readonly rules: readonly MfaRule[]
}

const mostRules = 50
const mostPerRule = 100
const ageBounds = { minimum: 60, maximum: 86_400 }

export async function readMfaPolicy(context: ServiceContext, actor: Actor): Promise<VersionedRules> {
  actor.require('mfa_policy:view', organizationWide)
  const row = await transactionOf(context, actor, (em) => findPolicy(em, actor))
  return row ?? noPolicy
}

/**
 * Replaces the rules. Whoever sets them passes each of them at this moment, be it about them or not: nobody asks others for
 * a proof that cannot be had, and no organization locks itself out.
 *
 * @throws NotFound, StaleUpdate, MfaLocksOut
 */
export function setMfaPolicy(
  context: ServiceContext,
  actor: Actor,
  input: SetMfaPolicy,
): Promise<VersionedRules> {
  actor.require('mfa_policy:update', organizationWide)
  if (input.rules.length > mostRules) throw new BadUserInput('rules', `must have at most ${mostRules} rules`)
  const rules = input.rules.map(checkRule)
  return transactionOf(context, actor, async (em) => {
    // Of two who set the first one at once, the later one waits.
    await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `gatehouse/mfa/${actor.organizationId}`,
    ])
    const present = await findPolicy(em, actor)
    checkVersion(present ?? noPolicy, 'MFA policy', actor.organizationId, input.expectedVersion)
    for (const id of new Set(rules.flatMap(({ roleIds }) => roleIds))) {
      await requireRow(em, RoleEntity, 'role', id)
    }
    refuseLockOut(actor, rules)
    const at = new Date(context.now())
    const before = present?.rules ?? []
    const policy =
      present ??
      em.create(MfaPolicyEntity, {
        ...{ id: newId('mfa'), organizationId: actor.organizationId },
        ...{ rules: [], updatedAt: at },
      })
    Object.assign(policy, { rules, updatedAt: at })
    const subject = { kind: 'organization', id: actor.organizationId }
    const details = { before: before.map(plain), after: rules.map(plain) }
    await recordChange(context, em, actor, { type: 'mfa_policy.set', subject, details })
    return policy
  })
}

/** @throws MfaLocksOut */
function refuseLockOut({ assurance }: Actor, rules: readonly MfaRule[]): void {
  const { length } = rules
  const unmet = rules.findIndex((rule) => assurance?.meets({ ...rule, requirement: rule }) === false)
  if (unmet >= 0) throw new MfaLocksOut(length === 1 ? 'this rule' : `rule ${unmet + 1} of ${length}`)
}

function findPolicy(em: EntityManager, { organizationId }: Actor) {
  return em.findOne(MfaPolicyEntity, { organizationId })
}

const noPolicy: VersionedRules = { version: 0, rules: [] }
const organizationWide = { workspaceId: null }

/** @throws BadUserInput */
function checkRule(input: MfaRuleInput): MfaRule {
  const { permissions, roleIds, acrValues, amr, maxAgeSeconds, exemptsTokens } = input
  const rule: MfaRule = {
    permissions: distinct('rules.permissions', permissions),
    roleIds: distinct('rules.roleIds', roleIds),
    acrValues: checkValues('rules.acrValues', acrValues ?? []),
    amr: checkValues('rules.amr', amr ?? []),
    maxAgeSeconds:
      maxAgeSeconds == null ? null : checkInteger('rules.maxAgeSeconds', maxAgeSeconds, ageBounds),
    exemptsTokens: exemptsTokens ?? false,
  }
  expandPermissions('rules.permissions', rule.permissions)
  if (rule.permissions.length + rule.roleIds.length > 0) return rule
  throw new BadUserInput('rules', 'each must name permissions, such as "roles:*", or roles')
}

function distinct(field: string, values: readonly string[] | null | undefined): string[] {
  const found = [...new Set(values ?? [])]
  if (found.length <= mostPerRule) return found
  throw new BadUserInput(field, `must have at most ${mostPerRule} entries, not ${found.length}`)
}

const plain = ({ permissions, roleIds, acrValues, amr, maxAgeSeconds, exemptsTokens }: MfaRule) => ({
  ...{ permissions: [...permissions], roleIds: [...roleIds], acrValues: [...acrValues], amr: [...amr] },
  ...{ maxAgeSeconds, exemptsTokens },
})
