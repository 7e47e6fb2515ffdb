import fc from 'fast-check'
import { Actor } from '../../control-plane/actor.ts'
import { type AccessPolicy, compilePolicy } from '../../control-plane/authorization/access-policy.ts'
import { restrictionsOf } from '../../control-plane/authorization/restrictions.ts'
import { type RoleGraph, rightsOf, withInherited } from '../../control-plane/modules/roles/graph.ts'
import { type World, type WorldRequest, world } from './authorization-world.ts'
import { CedarWorld } from './cedar.ts'

export interface WorldsTried {
  readonly seed: number
  readonly worlds: number
  /** Called after each world with how many there were, and how many decisions of each kind. */
  onWorld?(world: number, decisions: { readonly allowed: number; readonly denied: number }): void
}

/** @returns how Gatehouse and Cedar disagree about a world, made as small as can be; undefined when they never do. */
export function findDisagreement({ seed, worlds, onWorld }: WorldsTried): string | undefined {
  let count = 0
  const decisions = { allowed: 0, denied: 0 }
  const property = fc.property(world, (drawn) => {
    const cedar = new CedarWorld(drawn)
    const graph = graphOf(drawn)
    const policies = drawn.policies.map(({ condition, ...terms }) =>
      compilePolicy({ ...terms, condition: condition?.cel ?? null }),
    )
    for (const request of drawn.requests) {
      const ours = decide(graph, policies, request)
      const theirs = cedar.allows(request)
      if (ours !== theirs) throw new Error(`${JSON.stringify(request)}: ${ours} here, ${theirs} by Cedar`)
      decisions[ours ? 'allowed' : 'denied']++
    }
    onWorld?.(++count, decisions)
  })
  const { failed, errorInstance, counterexample } = fc.check(property, { seed, numRuns: worlds })
  if (!failed) return undefined
  return `${String(errorInstance)} in ${JSON.stringify(counterexample)}, seed ${seed}`
}

function graphOf({ roles }: World): RoleGraph {
  return new Map(
    roles.map(({ id, permissions, inherited, workspaceIds }) => [
      id,
      {
        ...{ id, name: id, system: false, permissions: [...permissions], withheldPermissions: [] },
        ...{ inheritedRoleIds: [...inherited], workspaceIds: workspaceIds && [...workspaceIds] },
        ...{ rowScope: 'all' as const, accessProfileId: null },
      },
    ]),
  )
}

/** As a request is decided. */
function decide(graph: RoleGraph, policies: readonly AccessPolicy[], request: WorldRequest): boolean {
  const { userId, roleId, otherRoleIds, permission, now, address, session, resource } = request
  const identity = { kind: 'api_token', id: 'tok_1', name: 'token', organizationId: 'org_1', roleId } as const
  const subject = {
    ...{ kind: identity.kind, id: identity.id, userId, personId: userId, teamIds: [] },
    roleIds: withInherited(graph, [roleId, ...otherRoleIds]),
  }
  const facts = {
    address,
    session: session && {
      isMfa: session.amr.some((method) => method !== 'pwd'),
      authenticationMethods: session.amr,
      authenticationClass: session.acr,
      authenticatedAt: now - session.secondsAgo * 1_000,
    },
  }
  const restrictions = restrictionsOf(policies, { subject, facts, now })
  const actor = new Actor({ ...identity, assurance: null, rights: rightsOf(graph, roleId), restrictions })
  const { workspaceId, ownerUserId } = resource
  return actor.may(permission, { id: 'vk_1', workspaceId, userId: ownerUserId })
}
