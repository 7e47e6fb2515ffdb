import { BadUserInput } from '../../graphql/errors.ts'
import { isAdministrative, isSystemRoleId, type RoleGraph } from '../roles/index.ts'
import type { IdentityProvider } from './entity.ts'

/**
 * What anybody at the provider can get makes nobody an administrator: `*` gives no system role, and neither `*` nor the default
 * role is one that makes administrators. A role that comes to do so later gives nothing by them from then on.
 *
 * @throws BadUserInput
 */
export function refuseAdministrators(
  { roleRules, defaultRoleId }: Pick<IdentityProvider, 'roleRules' | 'defaultRoleId'>,
  graph: RoleGraph,
): void {
  const open = roleRules.filter(({ value }) => value === '*').map(({ roleId }) => roleId)
  const system = open.find(isSystemRoleId)
  if (system !== undefined) {
    throw new BadUserInput(
      'roleRules',
      `"*" cannot give the system role "${system}": name the value that does`,
    )
  }
  const administrative = open.find((id) => isAdministrative(graph, id))
  if (administrative !== undefined) {
    throw new BadUserInput(
      'roleRules',
      `"*" cannot give the role "${administrative}", which makes administrators: name the value that does`,
    )
  }
  if (defaultRoleId === null || !isAdministrative(graph, defaultRoleId)) return
  throw new BadUserInput(
    'defaultRoleId',
    `cannot be "${defaultRoleId}", which makes administrators of all whom no rule matches: write a rule that gives it`,
  )
}
