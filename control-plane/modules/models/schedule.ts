import type { EntityManager } from '@mikro-orm/postgresql'
import { canonicalJson } from '../../../contract/canonical.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import type { AnnouncedPrices, Model } from './entity.ts'
import { priceColumns } from './price-columns.ts'
import { appendPrices } from './price-history.ts'

/** Of one model; more are no plan but a mistake. */
export const mostScheduledPrices = 20

/** Announces prices, in the place of those that were announced for the same time. */
export function announce(model: Model, announced: AnnouncedPrices, field: string): void {
  const present = model.scheduledPrices.find(({ from }) => from === announced.from)
  if (present && canonicalJson({ ...present.prices }) === canonicalJson({ ...announced.prices })) return
  const others = model.scheduledPrices.filter(({ from }) => from !== announced.from)
  if (others.length >= mostScheduledPrices) {
    throw new BadUserInput(
      field,
      `must be one of at most ${mostScheduledPrices} times: "${model.name}" has that many scheduled prices, cancel one`,
    )
  }
  model.scheduledPrices = [...others, announced].sort((a, b) => a.from - b.from)
}

/**
 * Moves to the columns of a model what holds by now.
 *
 * @param now Milliseconds since the epoch.
 * @returns what was moved, earliest first.
 */
export function takeDue(em: EntityManager, model: Model, now: number): readonly AnnouncedPrices[] {
  const due = model.scheduledPrices.filter(({ from }) => from <= now)
  const last = due.at(-1)
  if (!last) return due
  em.assign(model, priceColumns(last.prices))
  model.scheduledPrices = model.scheduledPrices.filter(({ from }) => from > now)
  return due
}

/** Does that to models whose locks the caller holds, and keeps in their history since when each of the prices holds. */
export async function settleDue(
  em: EntityManager,
  organizationId: string,
  models: readonly Model[],
  now: number,
): Promise<readonly Model[]> {
  const entries = models.flatMap((model) =>
    takeDue(em, model, now).map(({ from, prices, by }) => ({
      ...{ modelId: model.id, columns: priceColumns(prices), validFrom: new Date(from), by },
    })),
  )
  if (entries.length > 0) await appendPrices(em, organizationId, entries)
  const settled = new Set(entries.map(({ modelId }) => modelId))
  return models.filter(({ id }) => settled.has(id))
}
