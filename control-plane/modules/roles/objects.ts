import type { EntityManager } from '@mikro-orm/postgresql'
import type { Permission } from '../../../contract/permissions.ts'
import type { ResourceFacts } from '../../authorization/circumstances.ts'
import { prefixOf } from '../../db/id.ts'
import { requireRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import type { ObjectGrants, Rights } from '../../rights.ts'
import { BusinessUnitEntity } from '../business-units/index.ts'
import { CustomerEntity } from '../customers/index.ts'
import { ProviderEntity } from '../providers/index.ts'
import { TeamEntity } from '../teams/index.ts'
import { VirtualKeyEntity } from '../virtual-keys/index.ts'
import type { HeldRights } from './assignments.ts'
import { boundBy } from './token-rights.ts'

/*
 * A role that a user has for one object alone gives of its permissions those about things of that kind, on that object
 * and no other. [S3-09]
 */

/** The kinds of objects that a role can be given for, by the prefixes of their ids. */
const resources: Readonly<Record<string, string>> = {
  cus: 'customers',
  bu: 'business_units',
  team: 'teams',
  vk: 'virtual_keys',
  prov: 'providers',
}

/** @throws NotFound; BadUserInput for an object of another kind, and for a role that would give nothing there. */
export async function requireObject(em: EntityManager, id: string, { permissions }: Rights): Promise<void> {
  await requireExisting(em, id)
  if (aboutObject(id, permissions).length > 0) return
  const resource = resourceOf(id)
  throw new BadUserInput('objectId', `names an object of which the role gives nothing: no "${resource}:…"`)
}

/** Where an object is that a role can be given for, and whose. @throws NotFound, BadUserInput */
export async function placeOfObject(em: EntityManager, id: string): Promise<ResourceFacts> {
  const row = new Map(Object.entries(await requireExisting(em, id)))
  const textOf = (column: string) => {
    const value: unknown = row.get(column)
    return typeof value === 'string' ? value : null
  }
  const owner = { userId: textOf('userId'), teamId: textOf('teamId'), customerId: textOf('customerId') }
  return { id, workspaceId: textOf('workspaceId'), ...owner }
}

/** What permissions call things of the kind of this object. */
export function resourceOf(id: string): string | undefined {
  return resources[prefixOf(id)]
}

function requireExisting(em: EntityManager, id: string): Promise<object> {
  switch (prefixOf(id)) {
    case 'cus':
      return requireRow(em, CustomerEntity, 'customer', id)
    case 'bu':
      return requireRow(em, BusinessUnitEntity, 'business unit', id)
    case 'team':
      return requireRow(em, TeamEntity, 'team', id)
    case 'vk':
      return requireRow(em, VirtualKeyEntity, 'virtual key', id)
    case 'prov':
      return requireRow(em, ProviderEntity, 'provider', id)
    default:
      throw new BadUserInput(
        'objectId',
        'must be the id of a customer, a business unit, a team, a virtual key or a provider',
      )
  }
}

/** What a token's rights leave of the roles that its user has for single objects. */
export function objectGrantsOf(rights: Rights, held: readonly HeldRights[]): ObjectGrants {
  const grants = new Map<string, Set<Permission>>()
  for (const one of held) {
    if (one.objectId === null) continue
    const { permissions } = boundBy(rights, [one], null).rights
    const granted = aboutObject(one.objectId, permissions)
    grants.set(one.objectId, new Set([...(grants.get(one.objectId) ?? []), ...granted]))
  }
  return grants
}

/** Those about things of the kind of this object. */
export function aboutObject(id: string, permissions: ReadonlySet<Permission>): Permission[] {
  const resource = resourceOf(id)
  return [...permissions].filter((permission) => permission.split(':', 1)[0] === resource)
}
