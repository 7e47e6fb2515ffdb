import type { EntityManager } from '@mikro-orm/postgresql'
import type { VisibleRows } from './visible-rows.ts'

/**
 * Does `work` in the caller's transaction with the virtual keys, usage and audit events of everybody in sight, for what has
 * to be found whoever asks. Where it throws, the transaction that is rolled back takes along what it was let see.
 */
export async function withEverybodysRows<T>(em: EntityManager, work: () => Promise<T>): Promise<T> {
  const parameters = em.getFilterParams<{ readonly rows: VisibleRows | null }>('tenant')
  if (parameters.rows === null) return work()
  await see(em, { ...parameters, rows: null })
  const result = await work()
  await see(em, parameters)
  return result
}

/** By both walls: the ORM's filter and row-level security. */
async function see(em: EntityManager, parameters: { readonly rows: VisibleRows | null }): Promise<void> {
  em.setFilterParams('tenant', parameters)
  await em.execute(`select set_config('gatehouse.row_scope', ?, true)`, [parameters.rows?.scope ?? ''])
}
