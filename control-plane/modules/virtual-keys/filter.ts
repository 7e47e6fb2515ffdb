import { type FilterQuery, LockMode, raw } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { checkText } from '../../input.ts'
import { type VirtualKey, VirtualKeyEntity, type VirtualKeyStatus } from './entity.ts'
import { checkTags } from './fields.ts'

/** Which keys; all conditions must hold. */
export interface KeyFilter {
  readonly workspaceId?: string | null | undefined
  readonly customerId?: string | null | undefined
  readonly teamId?: string | null | undefined
  readonly userId?: string | null | undefined
  readonly providerId?: string | null | undefined
  readonly accessProfileId?: string | null | undefined
  readonly status?: VirtualKeyStatus | null | undefined
  readonly tag?: string | null | undefined
  readonly search?: string | null | undefined
  readonly expiringBefore?: Date | null | undefined
}

/** @throws BadUserInput */
export function keyCondition(filter: KeyFilter): FilterQuery<VirtualKey> {
  const { providerId, tag, search, expiringBefore, ...columns } = filter
  const conditions: FilterQuery<VirtualKey>[] = Object.entries(columns).flatMap(([column, value]) =>
    value == null ? [] : [{ [column]: value } as FilterQuery<VirtualKey>],
  )
  if (providerId != null) conditions.push(usesProvider(providerId))
  if (tag != null) conditions.push(where('tags @> ?::jsonb', JSON.stringify(checkTags('filter.tag', [tag]))))
  if (search != null) conditions.push({ name: { $ilike: containing(search) } })
  if (expiringBefore != null) conditions.push({ expiresAt: { $lt: expiringBefore } })
  return { $and: conditions }
}

/** Keys in the order of their ids, locked until the transaction ends. */
export function lockKeys(
  em: EntityManager,
  condition: FilterQuery<VirtualKey>,
  most: number,
): Promise<VirtualKey[]> {
  return em.find(VirtualKeyEntity, condition, {
    lockMode: LockMode.PESSIMISTIC_WRITE,
    orderBy: { id: 'asc' },
    limit: most,
  })
}

/** A key that may use all providers uses this one too. */
function usesProvider(providerId: string): FilterQuery<VirtualKey> {
  const named = `id in (select virtual_key_id from provider_configs where provider_id = ?)`
  return { $or: [where(named, providerId), { allowAllProviders: true }] }
}

function where(sql: string, parameter: string): FilterQuery<VirtualKey> {
  return { [raw(sql, [parameter])]: [] } as FilterQuery<VirtualKey>
}

function containing(search: string): string {
  const text = checkText('filter.search', search, { maximumLength: 128 })
  return `%${text.replace(/[\\%_]/g, String.raw`\$&`)}%`
}
