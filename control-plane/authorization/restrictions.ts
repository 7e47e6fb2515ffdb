import type { Permission } from '../../contract/permissions.ts'
import type { ObjectGrants, Rights } from '../rights.ts'
import { type AccessPolicy, appliesTo } from './access-policy.ts'
import type { Circumstances, ResourceFacts } from './circumstances.ts'

/**
 * What policies take from somebody in one request. All that can be decided at its beginning is, so that a permission is
 * then looked up in a set; what depends on the thing that is acted on is asked when it is known.
 */
export interface Restrictions {
  /** Every policy that is about them, whatever it does now. */
  readonly applying: readonly AccessPolicy[]
  /** By the policy that denies each, the first by its id. */
  readonly denied: ReadonlyMap<Permission, AccessPolicy>
  /** Asked again for each thing. */
  readonly conditional: ReadonlyMap<Permission, readonly AccessPolicy[]>
  readonly circumstances: Circumstances
}

/** @returns undefined when no policy applies, as it is mostly. */
export function restrictionsOf(
  policies: readonly AccessPolicy[],
  circumstances: Circumstances,
): Restrictions | undefined {
  const applying = policies.filter(({ terms }) => appliesTo(terms, circumstances.subject))
  if (applying.length === 0) return undefined
  const denied = new Map<Permission, AccessPolicy>()
  const conditional = new Map<Permission, AccessPolicy[]>()
  for (const policy of applying) {
    if (policy.usesResource) {
      for (const one of policy.permissions) conditional.set(one, [...(conditional.get(one) ?? []), policy])
    } else if (policy.judge(circumstances) !== 'allows') {
      for (const one of policy.permissions) if (!denied.has(one)) denied.set(one, policy)
    }
  }
  return { applying, denied, conditional, circumstances }
}

/** The policy that denies this on this thing; without one: anywhere at all. */
export function denierOf(
  { denied, conditional, circumstances }: Restrictions,
  permission: Permission,
  resource?: ResourceFacts,
): AccessPolicy | undefined {
  const denier = denied.get(permission)
  if (denier || resource === undefined) return denier
  return conditional.get(permission)?.find((policy) => policy.judge(circumstances, resource) !== 'allows')
}

export function withoutDenied(rights: Rights, { denied }: Restrictions): Rights {
  if (denied.size === 0) return rights
  return { ...rights, permissions: without(rights.permissions, denied) }
}

export function withoutConditional(rights: Rights, { conditional }: Restrictions): Rights {
  if (conditional.size === 0) return rights
  return { ...rights, permissions: without(rights.permissions, conditional) }
}

export function grantsWithoutDenied(grants: ObjectGrants, { denied }: Restrictions): ObjectGrants {
  return new Map([...grants].map(([id, permissions]) => [id, without(permissions, denied)]))
}

function without(permissions: ReadonlySet<Permission>, taken: ReadonlyMap<Permission, unknown>) {
  return new Set([...permissions].filter((permission) => !taken.has(permission)))
}
