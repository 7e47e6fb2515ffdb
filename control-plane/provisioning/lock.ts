import type { EntityManager } from '@mikro-orm/postgresql'

/** Whoever else wants one of these waits until the transaction ends, in whatever process. */
export async function lock(em: EntityManager, ...names: readonly string[]): Promise<void> {
  // All in one order: two who want several would otherwise wait for each other.
  await em.execute(
    `select pg_advisory_xact_lock(hashtextextended(name, 0))
     from (select name from jsonb_array_elements_text(?::jsonb) name order by name) wanted`,
    [JSON.stringify(names)],
  )
}
