import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import type { ExpectedVersion } from '../../db/require-row.ts'
import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'
import { checkFuture } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { Model } from './entity.ts'
import { checkPrices, type PricesInput } from './prices.ts'
import { announce } from './schedule.ts'
import { describe, entry, lockModel, organizationWide } from './service.ts'
import { modelSnapshot } from './snapshot.ts'

export interface ScheduleModelPrices extends ExpectedVersion {
  readonly modelId: string
  readonly prices: PricesInput
  readonly validFrom: Date
}

/**
 * Announces what a model is going to cost.
 *
 * @throws NotFound, StaleUpdate
 */
export function scheduleModelPrices(
  context: ServiceContext,
  actor: Actor,
  input: ScheduleModelPrices,
): Promise<Model> {
  actor.require('models:update', organizationWide)
  const from = checkFuture('validFrom', input.validFrom, context.now()).getTime()
  const prices = checkPrices('prices', input.prices)
  return changeSchedule(context, actor, input, 'model.prices_scheduled', (model) => {
    const { kind, id, name } = actor
    announce(model, { from, prices, by: { kind, id, name } }, 'validFrom')
  })
}

export class NotScheduled extends Refusal {
  constructor(model: string, time: string) {
    super(
      'NOT_SCHEDULED',
      `validFrom: no prices of "${model}" are scheduled for ${time}, or they hold already`,
    )
  }
}

refusalType(NotScheduled, 'No prices are scheduled for this time; those that hold can only be changed.')

export interface CancelModelPrices extends ExpectedVersion {
  readonly modelId: string
  readonly validFrom: Date
}

/**
 * Takes an announcement back, which no call has been charged by yet.
 *
 * @throws NotFound, NotScheduled, StaleUpdate
 */
export function cancelModelPrices(
  context: ServiceContext,
  actor: Actor,
  input: CancelModelPrices,
): Promise<Model> {
  actor.require('models:update', organizationWide)
  const cancelled = input.validFrom.getTime()
  return changeSchedule(context, actor, input, 'model.prices_cancelled', (model) => {
    const others = model.scheduledPrices.filter(({ from }) => from !== cancelled)
    if (others.length === model.scheduledPrices.length) {
      throw new NotScheduled(model.name, input.validFrom.toISOString())
    }
    model.scheduledPrices = others
  })
}

function changeSchedule(
  context: ServiceContext,
  actor: Actor,
  input: ExpectedVersion & { readonly modelId: string },
  type: string,
  change: (model: Model) => void,
): Promise<Model> {
  return transactionOf(context, actor, async (em) => {
    const model = await lockModel(
      em,
      actor,
      { id: input.modelId, expectedVersion: input.expectedVersion },
      context.now(),
    )
    const before = describe(model)
    change(model)
    const details = { before, after: describe(model) }
    await recordChange(context, em, actor, entry(type, model, details), { upserts: [modelSnapshot(model)] })
    return model
  })
}
