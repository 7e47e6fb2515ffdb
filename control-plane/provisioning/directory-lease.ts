import { randomUUID } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/postgresql'
import { type DirectorySyncRun, DirectorySyncRunEntity } from '../modules/directory-sync/index.ts'
import type { ServiceContext } from '../service-context.ts'

/** Whoever has done nothing for so long has lost the run to whoever comes next. */
const leaseMs = 120_000

/** Somebody else goes on with the run: this process was too slow, or its clock is wrong. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** A run that this process alone is working on. */
export class LeasedRun {
  readonly #services: ServiceContext
  readonly #lease: string
  readonly id: string
  readonly organizationId: string

  private constructor(services: ServiceContext, run: DirectorySyncRun, lease: string) {
    this.#services = services
    this.#lease = lease
    this.id = run.id
    this.organizationId = run.organizationId
  }

  /** @returns null where there is nothing to take: it has ended, or somebody else is at it */
  static async take(
    services: ServiceContext,
    { id, organizationId }: Pick<DirectorySyncRun, 'id' | 'organizationId'>,
  ): Promise<{ leased: LeasedRun; run: DirectorySyncRun } | null> {
    const lease = randomUUID()
    const now = services.now()
    const run = await services.database.transaction(organizationId, async (em) => {
      const taken = await em.execute<object[]>(
        `update directory_sync_runs set lease = ?, leased_until = ?, started_at = coalesce(started_at, ?)
         where org_id = ? and id = ? and finished_at is null and (leased_until is null or leased_until <= ?) returning id`,
        [lease, new Date(now + leaseMs), new Date(now), organizationId, id, new Date(now)],
      )
      return taken.length === 0 ? null : em.findOne(DirectorySyncRunEntity, { id })
    })
    return run && { leased: new LeasedRun(services, run, lease), run }
  }

  /**
   * Does a part of the run's work in one transaction, which stands only while the run is this process's.
   *
   * @throws LeaseLost
   */
  transaction<T>(work: (em: EntityManager, run: DirectorySyncRun) => Promise<T>): Promise<T> {
    return this.#services.database.transaction(this.organizationId, async (em) => {
      const until = new Date(this.#services.now() + leaseMs)
      // Locks the row: the next holder waits until this part is committed.
      const held = await em.execute<object[]>(
        `update directory_sync_runs set leased_until = ? where org_id = ? and id = ? and lease = ? and finished_at is null
         returning id`,
        [until, this.organizationId, this.id, this.#lease],
      )
      const run = held.length === 0 ? null : await em.findOne(DirectorySyncRunEntity, { id: this.id })
      if (!run) throw new LeaseLost(`somebody else works on ${this.id}`)
      const result = await work(em, run)
      await em.flush()
      return result
    })
  }

  /** Leaves the run to whoever comes after that time. @throws LeaseLost */
  rest(until: Date, message: string): Promise<void> {
    return this.transaction(async (_em, run) => {
      Object.assign(run, { leasedUntil: until, lease: null, message, attempts: run.attempts + 1 })
    })
  }
}
