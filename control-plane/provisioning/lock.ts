import type { EntityManager } from '@mikro-orm/postgresql'

/** Whoever else wants this waits until the transaction ends, in whatever process. */
export async function lock(em: EntityManager, name: string): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [name])
}
