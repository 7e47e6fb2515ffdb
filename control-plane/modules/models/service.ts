import type { EntityManager } from '@mikro-orm/postgresql'
import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Prices } from '../../../contract/money.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { NameTaken, NotFound } from '../../graphql/refusals.ts'
import { checkInteger, checkText } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type AnnouncedPrices, type Model, ModelEntity } from './entity.ts'
import { priceColumns, pricesOf } from './price-columns.ts'
import { keepPrices } from './price-history.ts'
import { checkPrices, type PricesInput } from './prices.ts'
import { announce, settleDue, takeDue } from './schedule.ts'
import { modelSnapshot } from './snapshot.ts'

const maximumNameLength = 256
const mostOutputTokens = 10_000_000

/** Prices and when they begin to hold. */
export interface PricesFrom {
  readonly validFrom: Date
  readonly prices: PricesInput
}

export interface CreateModel {
  readonly providerId: string
  readonly name: string
  /** The same as `name` unless said. */
  readonly upstreamName?: string | null | undefined
  readonly maxOutputTokens?: number | null | undefined
  readonly prices?: PricesInput | null | undefined
  readonly scheduledPrices?: readonly PricesFrom[] | undefined
}

/** Null makes the limit or the prices unknown; undefined leaves them. */
export interface UpdateModel extends ExpectedVersion {
  readonly id: string
  readonly name?: string | null | undefined
  readonly upstreamName?: string | null | undefined
  readonly maxOutputTokens?: number | null | undefined
  readonly prices?: PricesInput | null | undefined
  /** In the place of those that there are; what holds already takes the place of `prices`. */
  readonly scheduledPrices?: readonly PricesFrom[] | undefined
}

/** @throws NotFound, NameTaken */
export function createModel(context: ServiceContext, actor: Actor, input: CreateModel): Promise<Model> {
  actor.require('models:create', organizationWide)
  const name = checkModelName('name', input.name)
  const fields = {
    name,
    upstreamName: input.upstreamName == null ? name : checkModelName('upstreamName', input.upstreamName),
    maxOutputTokens: checkOutputTokens(input.maxOutputTokens ?? null),
    ...priceColumns(input.prices == null ? null : checkPrices('prices', input.prices)),
  }
  const work = transactionOf(context, actor, async (em) => {
    const model = em.create(ModelEntity, {
      id: newId('mdl'),
      organizationId: actor.organizationId,
      providerId: input.providerId,
      ...fields,
      scheduledPrices: [],
      createdAt: new Date(context.now()),
    })
    reschedule(em, actor, model, input.scheduledPrices ?? [], model.createdAt.getTime())
    await recordChange(context, em, actor, entry('model.created', model, describe(model)), {
      upserts: [modelSnapshot(model)],
    })
    await keepPrices(em, actor, [model.id], model.createdAt)
    return model
  })
  const referenced = () => new NotFound('provider', input.providerId)
  return refuseViolations({ ...nameTaken(name), referenced }, work)
}

/** @throws NotFound, NameTaken */
export function updateModel(context: ServiceContext, actor: Actor, input: UpdateModel): Promise<Model> {
  actor.require('models:update', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    const now = context.now()
    const model = await lockModel(em, actor, input, now)
    const before = describe(model)
    applyUpdate(em, model, input)
    if (input.scheduledPrices) reschedule(em, actor, model, input.scheduledPrices, now)
    await recordChange(
      context,
      em,
      actor,
      entry('model.updated', model, { before, after: describe(model) }),
      {
        upserts: [modelSnapshot(model)],
      },
    )
    await keepPrices(em, actor, [model.id], new Date(now))
    return model
  })
  return refuseViolations(nameTaken(input.name ?? ''), work)
}

/**
 * A model, locked, with the prices that it has by now.
 *
 * @param now Milliseconds since the epoch.
 * @throws NotFound, StaleUpdate
 */
export async function lockModel(
  em: EntityManager,
  { organizationId }: Actor,
  { id, ...expected }: ExpectedVersion & { readonly id: string },
  now: number,
): Promise<Model> {
  const model = await lockRow(em, ModelEntity, 'model', id, expected)
  await settleDue(em, organizationId, [model], now)
  return model
}

function reschedule(
  em: EntityManager,
  { kind, id, name }: Actor,
  model: Model,
  wanted: readonly PricesFrom[],
  now: number,
): void {
  model.scheduledPrices = []
  for (const [index, { validFrom, prices }] of wanted.entries()) {
    const field = `scheduledPrices[${index}]`
    const announced: AnnouncedPrices = {
      from: validFrom.getTime(),
      prices: checkPrices(`${field}.prices`, prices),
      by: { kind, id, name },
    }
    announce(model, announced, `${field}.validFrom`)
  }
  takeDue(em, model, now)
}

function applyUpdate(em: EntityManager, model: Model, input: UpdateModel): void {
  if (input.name != null) model.name = checkModelName('name', input.name)
  if (input.upstreamName != null) model.upstreamName = checkModelName('upstreamName', input.upstreamName)
  if (input.maxOutputTokens !== undefined) model.maxOutputTokens = checkOutputTokens(input.maxOutputTokens)
  if (input.prices === undefined) return
  const prices: Prices | null = input.prices === null ? null : checkPrices('prices', input.prices)
  em.assign(model, priceColumns(prices))
}

/** @throws NotFound */
export function deleteModel(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  actor.require('models:delete', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const model = await lockModel(em, actor, { id }, context.now())
    em.remove(model)
    await recordChange(context, em, actor, entry('model.deleted', model, describe(model)), {
      upserts: [],
      removals: [keyOf(modelSnapshot(model))],
    })
    return { id }
  })
}

/** Models belong to the organization, as their providers do. */
export const organizationWide = { workspaceId: null }

function checkModelName(field: string, name: string): string {
  return checkText(field, name, { maximumLength: maximumNameLength })
}

function checkOutputTokens(value: number | null): number | null {
  if (value === null) return null
  return checkInteger('maxOutputTokens', value, { minimum: 1, maximum: mostOutputTokens })
}

const nameTaken = (name: string) => ({
  unique: { models_name_key: () => new NameTaken('model of this provider', name) },
})

export function describe(model: Model) {
  const { providerId, name, upstreamName, maxOutputTokens } = model
  const prices = pricesOf(model)
  const scheduled = model.scheduledPrices.map(({ from, prices: later }) => ({
    ...{ validFrom: new Date(from).toISOString(), prices: { ...later } },
  }))
  return {
    ...{ providerId, name, upstreamName, maxOutputTokens, prices: prices && { ...prices } },
    ...(scheduled.length > 0 && { scheduledPrices: scheduled }),
  }
}

export function entry(
  type: string,
  { id }: Model,
  details: ReturnType<typeof describe> | Record<'before' | 'after', ReturnType<typeof describe>>,
) {
  return { type, subject: { kind: 'model', id }, details }
}
