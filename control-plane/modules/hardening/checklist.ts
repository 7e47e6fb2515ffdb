import type { Actor } from '../../actor.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { HardeningItem, Offenders } from './item.ts'
import { budgetsConfigured } from './items/budgets-configured.ts'

/** In the order in which they are shown; one more is a file in `items/`, and its name here. */
export const hardeningItems: readonly HardeningItem[] = [budgetsConfigured]

export interface CheckedItem {
  readonly item: HardeningItem
  readonly offenders: Offenders
}

/** Checks each item that the actor may see. */
export function checkHardening(context: ServiceContext, actor: Actor): Promise<readonly CheckedItem[]> {
  const { organizationId } = actor
  const visible = hardeningItems.filter(({ permissions }) =>
    permissions.every((permission) => actor.may(permission)),
  )
  return transactionOf(context, actor, async (em) => {
    const checked: CheckedItem[] = []
    for (const item of visible) {
      checked.push({ item, offenders: await item.check(em, { organizationId, now: context.now() }) })
    }
    return checked
  })
}

export function passes({ offenders }: CheckedItem): boolean {
  return offenders.count === 0
}
