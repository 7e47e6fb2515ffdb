import type { BudgetMode } from '../../contract/budget-modes.ts'
import type { BudgetPeriod } from '../../contract/budget-windows.ts'
import type { Json } from '../../contract/canonical.ts'
import type { GovernedLevel } from '../../contract/configuration/entities.ts'
import { Refusal } from '../graphql/errors.ts'
import { addBudget, removeBudget, updateBudget } from '../modules/budgets/service.ts'
import { type BudgetWindowTerms, usualWindowTerms } from '../modules/budgets/window-terms.ts'
import { ApprovalRequired } from '../modules/client-configuration/errors.ts'
import { updateClientConfiguration } from '../modules/client-configuration/service.ts'
import { addRequestLimit, removeRequestLimit, updateRequestLimit } from '../modules/limits/service.ts'
import { configurePlugin } from '../modules/plugins/service.ts'
import type { PolicyOwner } from '../policy-owners.ts'
import type { Item, ItemName } from './items.ts'
import type { Changed, Performance, Performer } from './perform.ts'
import { nameProviderConfigs } from './perform-virtual-keys.ts'
import type { LimitFields } from './request-limits.ts'
import { nanoUsdOfUsd } from './usd.ts'

const budget: Performer = {
  async create(performance, item) {
    const { context, actor } = performance
    const owner = await ownerOf(performance, item)
    const period = item.name.at(-1) as BudgetPeriod
    const limitNanoUsd = limitOf(item.fields) ?? 0n
    const terms = { limitNanoUsd, period, ...formOf(item.fields) }
    const standing = await addBudget(context, actor, { owner, ...terms })
    return standing.budget.id
  },
  update: ({ context, actor }, { id }, _item, changed) =>
    updateBudget(context, actor, { id, limitNanoUsd: limitOf(changed), ...formOf(changed) }),
  delete: ({ context, actor }, { id }) => removeBudget(context, actor, id),
}

function limitOf({ limitUsd }: Changed): bigint | undefined {
  return limitUsd === undefined ? undefined : nanoUsdOfUsd(limitUsd as number | string)
}

/** Null: as usual. */
function formOf({ window, mode }: Changed) {
  return {
    window: window === undefined ? undefined : ((window as BudgetWindowTerms | null) ?? usualWindowTerms),
    mode: mode === undefined ? undefined : ((mode as BudgetMode | null) ?? 'STRICT'),
  }
}

const request_limit: Performer = {
  async create(performance, item) {
    const { context, actor } = performance
    const owner = await ownerOf(performance, item)
    const windowSeconds = Number(item.name.at(-1))
    return (await addRequestLimit(context, actor, { owner, ...limitFields(item.fields), windowSeconds })).id
  },
  update: ({ context, actor }, { id }, { fields }) =>
    updateRequestLimit(context, actor, { id, ...limitFields(fields) }),
  delete: ({ context, actor }, { id }) => removeRequestLimit(context, actor, id),
}

function limitFields({ maxRequests, maxTokens }: Item['fields']): LimitFields {
  return { maxRequests: maxRequests as number | null, maxTokens: maxTokens as number | null }
}

async function ownerOf(performance: Performance, { owner }: Item): Promise<PolicyOwner> {
  const { actor, ids } = performance
  if (!owner) throw new Error('a budget or a limit has an owner')
  const { kind, name } = owner
  if (kind === 'organization') return { kind, id: actor.organizationId }
  if (kind === 'provider_config' && !ids.has(kind, name)) await findProviderConfig(performance, name)
  return { kind: kind as GovernedLevel, id: ids.of(kind, name) }
}

/** The access profile of the key may have brought it along a moment ago. */
async function findProviderConfig(performance: Performance, name: ItemName): Promise<void> {
  const [key, provider] = [name.slice(0, 2), name[2]]
  await nameProviderConfigs(performance, key, performance.ids.of('virtual_key', key))
  if (performance.ids.has('provider_config', name)) return
  throw new Refusal(
    'PROFILE_MANAGED',
    `the access profile of the key does not name "${provider}": add it there, or leave the budget or limit out`,
  )
}

const client_configuration: Performer = {
  create: async (performance, item) => {
    await putSettings(performance, item.fields)
    return ''
  },
  update: (performance, _present, _item, changed) => putSettings(performance, changed),
  delete: async () => undefined,
}

/** A file is applied whole or not at all: what needs a second person is not put before one on the way. */
async function putSettings({ context, actor }: Performance, fields: Changed) {
  const prefix = 'headerFilter.'
  const filter = Object.entries(fields).filter(([field]) => field.startsWith(prefix))
  const headerFilter = Object.fromEntries(filter.map(([field, value]) => [field.slice(prefix.length), value]))
  const rest = Object.fromEntries(Object.entries(fields).filter(([field]) => !field.startsWith(prefix)))
  try {
    return await updateClientConfiguration(context, actor, { ...rest, headerFilter })
  } catch (error) {
    if (!(error instanceof ApprovalRequired)) throw error
    const wayOut = 'ask for it with updateClientConfiguration, and apply the file once it is approved'
    throw new Refusal(error.code, `${error.reason}: ${wayOut}`)
  }
}

interface PluginFields {
  readonly enabled?: boolean
  readonly position?: { readonly side: 'BEFORE' | 'AFTER'; readonly of: string }
  readonly order?: number
  readonly config?: Json
}

const plugin: Performer = {
  create: async (performance, { name: [name = ''], fields }) => {
    await putPlugin(performance, name, fields)
    return name
  },
  update: (performance, { name: [name = ''] }, _item, changed) => putPlugin(performance, name, changed),
  delete: async () => undefined,
}

function putPlugin({ context, actor }: Performance, name: string, fields: Changed) {
  const { position, ...settings } = fields as PluginFields
  const side = position?.side === 'BEFORE' ? ('before' as const) : ('after' as const)
  return configurePlugin(context, actor, {
    name,
    ...settings,
    ...(position && { position: { side, of: position.of } }),
  })
}

export const performPolicies = { budget, request_limit, client_configuration, plugin }
