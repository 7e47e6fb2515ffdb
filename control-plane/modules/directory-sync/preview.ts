import type { Actor } from '../../actor.ts'
import { checkInteger } from '../../input.ts'
import { readBusinessUnits } from '../../provisioning/mapped-business-units.ts'
import { readRoleRanks, roleFor } from '../../provisioning/mapped-role.ts'
import { teamNamesFor } from '../../provisioning/mapped-teams.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { mapBusinessUnits } from '../../sign-in/business-unit-mapping.ts'
import { IdentityProviderEntity } from '../identity-providers/index.ts'
import { DirectorySyncRunEntity } from './entity.ts'
import { checkFilter, filterCondition, type GivenFilter } from './filter.ts'
import { claimsOf, type FoundPerson, foundColumns, unknownPeople } from './found-people.ts'

export interface PreviewDirectoryImport {
  /** Left out: the only one whose directory is set up. */
  readonly identityProviderId?: string | null | undefined
  readonly filter?: GivenFilter | null | undefined
  readonly limit?: number | null | undefined
}

export interface ImportablePerson {
  readonly subject: string
  readonly name: string | null
  readonly email: string | null
  /** Null: no rule gives them any, and they are not imported. */
  readonly roleId: string | null
  readonly teams: readonly string[]
  readonly businessUnitIds: readonly string[]
}

export interface DirectoryImportPreview {
  readonly people: readonly ImportablePerson[]
  readonly totalCount: number
  readonly readAt: Date
}

const mostShown = 50

/**
 * People whom an import would make users of, as the directory was read last. [X0-06]
 *
 * @returns null for a directory that was not read yet
 */
export function previewDirectoryImport(
  context: ServiceContext,
  actor: Actor,
  { identityProviderId, filter, limit }: PreviewDirectoryImport,
): Promise<DirectoryImportPreview | null> {
  actor.require('users:create', { workspaceId: null })
  const most = checkInteger('limit', limit ?? mostShown, { minimum: 1, maximum: mostShown })
  const { sql, values } = filterCondition(checkFilter(filter))
  return transactionOf(context, actor, async (em) => {
    const where = identityProviderId == null ? { directory: { $ne: null } } : { id: identityProviderId }
    const [provider, ...others] = await em.find(IdentityProviderEntity, where, { limit: 2 })
    if (!provider || others.length > 0) return null
    const { id: providerId } = provider
    const wasRead = { providerId, state: { $in: ['succeeded' as const, 'guarded' as const] } }
    const [run] = await em.find(DirectorySyncRunEntity, wasRead, { orderBy: { id: 'desc' }, limit: 1 })
    if (!run?.finishedAt) return null
    const at = [provider.organizationId, run.id, providerId, ...values]
    const rows = await em.execute<FoundPerson[]>(
      `select ${foundColumns} from directory_people found where ${unknownPeople} and ${sql}
       order by found.name, found.subject limit ?`,
      [...at, most],
    )
    const [count] = await em.execute<{ people: number }[]>(
      `select count(*)::int as people from directory_people found where ${unknownPeople} and ${sql}`,
      at,
    )
    const ranks = await readRoleRanks(em)
    const units = await readBusinessUnits(em, provider)
    const people = rows.map((row) => {
      const claims = claimsOf(row, [])
      const { subject, name, email } = row
      return {
        subject,
        name,
        email,
        roleId: roleFor(provider, claims, ranks),
        teams: teamNamesFor(provider, claims)?.usable ?? [],
        businessUnitIds: mapBusinessUnits(claims, provider.businessUnitRules, units).ids,
      }
    })
    return { people, totalCount: count?.people ?? 0, readAt: run.finishedAt }
  })
}
