import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { canonicalJson } from '../../../contract/canonical.ts'
import type { Prices } from '../../../contract/money.ts'
import type { Actor } from '../../actor.ts'
import { recordChanges } from '../../change.ts'
import { BadUserInput, Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'
import { checkFuture, checkText } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { AuditEntry } from '../audit/index.ts'
import { type Model, ModelEntity } from './entity.ts'
import { priceColumns } from './price-columns.ts'
import { keepPrices } from './price-history.ts'
import { checkPrices, type PricesInput } from './prices.ts'
import { announce, settleDue } from './schedule.ts'
import { describe, entry, organizationWide } from './service.ts'
import { modelSnapshot } from './snapshot.ts'

export const mostImportedRows = 1_000
/** The names of a provider and a model with the slash between them. */
const longestModel = 64 + 1 + 256

export class UnknownModel extends Refusal {
  constructor(row: string, name: string) {
    super(
      'UNKNOWN_MODEL',
      `${row}.model: there is no "${name}": name a provider and one of its models, as in "openai/gpt-4o"`,
    )
  }
}

refusalType(UnknownModel, 'A row of a price list names a model that there is not.')

export interface ImportedRow {
  /** `provider/model`, as callers name it. */
  readonly model: string
  readonly prices: PricesInput
  /** From now on unless said. */
  readonly validFrom?: Date | null | undefined
}

export interface ImportedPrices {
  readonly changed: readonly Model[]
  /** How many rows said what was so already. */
  readonly unchanged: number
}

interface CheckedRow {
  readonly field: string
  readonly model: string
  readonly prices: Prices
  /** Milliseconds since the epoch; null: now. */
  readonly from: number | null
}

/**
 * Takes over a price list, all of it or nothing.
 *
 * @throws UnknownModel, and BadUserInput that names the row and the field.
 */
export async function importModelPrices(
  context: ServiceContext,
  actor: Actor,
  rows: readonly ImportedRow[],
): Promise<ImportedPrices> {
  actor.require('models:update', organizationWide)
  const checked = checkRows(rows, context.now())
  return transactionOf(context, actor, async (em) => {
    const now = context.now()
    const models = await lockModels(em, actor, checked, now)
    const changed = new Set<Model>()
    const entries: AuditEntry[] = []
    for (const row of checked) {
      const model = required(models, row)
      const before = describe(model)
      applyRow(em, actor, model, row)
      const after = describe(model)
      if (canonicalJson(after) === canonicalJson(before)) continue
      changed.add(model)
      entries.push(entry('model.prices_imported', model, { before, after }))
    }
    const upserts = [...changed].map(modelSnapshot)
    if (changed.size > 0) await recordChanges(context, em, actor, entries, { upserts })
    await keepPrices(
      em,
      actor,
      [...changed].map(({ id }) => id),
      new Date(now),
    )
    return { changed: [...changed], unchanged: checked.length - entries.length }
  })
}

function checkRows(rows: readonly ImportedRow[], now: number): CheckedRow[] {
  if (rows.length === 0 || rows.length > mostImportedRows) {
    throw new BadUserInput('rows', `must have 1 to ${mostImportedRows} entries, not ${rows.length}`)
  }
  const places = new Map<string, string>()
  return rows.map(({ model: named, prices, validFrom }, index) => {
    const field = `rows[${index}]`
    const model = checkText(`${field}.model`, named, { maximumLength: longestModel })
    const from = validFrom == null ? null : checkFuture(`${field}.validFrom`, validFrom, now).getTime()
    const place = JSON.stringify([model, from])
    const first = places.get(place)
    if (first) throw new BadUserInput(`${field}.model`, `has prices for the same time in ${first} already`)
    places.set(place, field)
    return { field, model, from, prices: checkPrices(`${field}.prices`, prices) }
  })
}

/** The models that are named, locked in one order, so that two imports never wait for each other. */
async function lockModels(
  em: EntityManager,
  { organizationId }: Actor,
  rows: readonly CheckedRow[],
  now: number,
): Promise<ReadonlyMap<string, Model>> {
  const found = await em.execute<{ id: string; path: string }[]>(
    `select model.id, provider.name || '/' || model.name as path
     from models model join providers provider on provider.org_id = model.org_id and provider.id = model.provider_id
     where model.org_id = ? and provider.name || '/' || model.name in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify(rows.map(({ model }) => model))],
  )
  const models = await em.find(
    ModelEntity,
    { id: { $in: found.map(({ id }) => id) } },
    { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
  )
  await settleDue(em, organizationId, models, now)
  const byId = new Map(models.map((model) => [model.id, model]))
  return new Map(
    found.flatMap(({ id, path }) => {
      const model = byId.get(id)
      return model ? [[path, model] as const] : []
    }),
  )
}

function required(models: ReadonlyMap<string, Model>, { field, model: name }: CheckedRow): Model {
  const model = models.get(name)
  if (model) return model
  throw new UnknownModel(field, name)
}

function applyRow(em: EntityManager, { kind, id, name }: Actor, model: Model, row: CheckedRow): void {
  const { from, prices, field } = row
  if (from === null) em.assign(model, priceColumns(prices))
  else announce(model, { from, prices, by: { kind, id, name } }, `${field}.validFrom`)
}
