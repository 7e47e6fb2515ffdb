import type { EntityManager } from '@mikro-orm/postgresql'
import type { Permission } from '../../../contract/permissions.ts'

/** Something that is to be so before an installation goes live. */
export interface HardeningItem {
  /** Never changes: programs know it by this name. */
  readonly id: string
  /** Who lacks one of them does not see the item. */
  readonly permissions: readonly Permission[]
  /** What is to be so. */
  readonly detail: string
  /** What to do while it is not. */
  readonly remediation: string
  /** Looks, in a transaction that sees what the actor may see. */
  check(em: EntityManager, situation: Situation): Promise<Offenders>
}

export interface Situation {
  readonly organizationId: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** What is not as it is to be; nothing: the item passes. */
export interface Offenders {
  readonly count: number
  /** The oldest of them, `mostShown` at most. */
  readonly virtualKeyIds: readonly string[]
}

export const mostShown = 20
