import type { EntityManager } from '@mikro-orm/postgresql'
import type { Json } from '../../contract/canonical.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../service-context.ts'
import type { ItemKind, ItemName, PresentItem, WantedItem } from './items.ts'
import type { NamedIds } from './names.ts'
import { performAccess } from './perform-access.ts'
import { performAssignments } from './perform-assignments.ts'
import { performPeople } from './perform-people.ts'
import { performPolicies } from './perform-policies.ts'
import { performRoles } from './perform-roles.ts'
import { performVirtualKeys } from './perform-virtual-keys.ts'
import type { Step } from './plan.ts'

/** What the steps of one application work with. */
export interface Performance {
  readonly context: ServiceContext
  readonly actor: Actor
  readonly em: EntityManager
  readonly ids: NamedIds
  readonly secrets: ReadonlyMap<string, string>
  /** The secrets that were made on the way, which are shown once. */
  readonly issued: IssuedSecret[]
}

export interface IssuedSecret {
  readonly virtualKeyId: string
  readonly name: ItemName
  readonly secret: string
}

/** How the things of one kind are made, changed and ended. */
export interface Performer {
  create(performance: Performance, item: WantedItem): Promise<string>
  update(performance: Performance, present: PresentItem, item: WantedItem, changed: Changed): Promise<unknown>
  delete(performance: Performance, present: PresentItem): Promise<unknown>
}

/** The fields that are to be changed, with their new values. */
export type Changed = Readonly<Record<string, Json>>

const performers: Readonly<Record<ItemKind, Performer>> = {
  ...performPeople,
  ...performAccess,
  ...performRoles,
  ...performVirtualKeys,
  ...performAssignments,
  ...performPolicies,
}

/** Does one step by the mutation that a person would use for it, with its permission, its checks and its audit event. */
export async function performStep(performance: Performance, step: Step): Promise<void> {
  if (step.action === 'delete') {
    await performers[step.present.kind].delete(performance, step.present)
    return
  }
  const { item } = step
  const performer = performers[item.kind]
  if (step.action === 'create') {
    performance.ids.add(item.kind, item.name, await performer.create(performance, item))
    return
  }
  const changed = Object.fromEntries(step.fields.map(({ field, after }) => [field, after]))
  await performer.update(performance, step.present, item, changed)
}
