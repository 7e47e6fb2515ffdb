import { budgetOf, joinWindows, requestLimitsOf, type SecretNames } from './bifrost-values.ts'
import type { Members } from './members.ts'

type Entry = Record<string, unknown>

const ownerOfStrays = 'Imported'

export interface GovernanceContext {
  readonly secrets: SecretNames
  /** The providers that were taken over. */
  readonly providers: ReadonlySet<string>
  /** The first form of these files meant "all" by an empty list. [X1-02] */
  readonly emptyMeansAll: boolean
}

/** Customers, teams and virtual keys, with the budgets and limits that refer to them or that they refer to. */
export function readGovernance(governance: Members, context: GovernanceContext): Entry {
  return new GovernanceReader(governance, context).read()
}

class GovernanceReader {
  readonly #governance: Members
  readonly #context: GovernanceContext
  readonly #budgets: readonly Members[]
  readonly #limits: readonly Members[]
  readonly #customers = new Map<string, string>()
  readonly #teams = new Map<string, string>()
  readonly #attached = new Set<Members>()
  #hasStrays = false

  constructor(governance: Members, context: GovernanceContext) {
    this.#governance = governance
    this.#context = context
    this.#budgets = governance.list('budgets')
    this.#limits = governance.list('rate_limits')
  }

  read(): Entry {
    const customers = this.#governance.list('customers').map((customer) => this.#customer(customer))
    const teams = this.#governance.list('teams').map((team) => this.#team(team))
    const virtualKeys = this.#governance.list('virtual_keys').map((key, index) => this.#key(key, index))
    if (this.#hasStrays) customers.push({ name: ownerOfStrays })
    for (const budget of this.#budgets.filter((other) => !this.#attached.has(other))) {
      budget.notice('id', 'a budget of nothing that was taken over is left out')
    }
    this.#governance.noticeRest()
    return {
      ...(customers.length > 0 && { customers }),
      ...(teams.length > 0 && { teams }),
      ...(virtualKeys.length > 0 && { virtualKeys }),
    }
  }

  #customer(customer: Members): Entry {
    const id = customer.text('id')
    const name = customer.text('name') ?? id ?? ''
    if (id !== undefined) this.#customers.set(id, name)
    const entry = { name, ...this.#governed(customer, 'customer_id', id) }
    customer.noticeRest()
    return entry
  }

  #team(team: Members): Entry {
    const id = team.text('id')
    const name = team.text('name') ?? id ?? ''
    if (id !== undefined) this.#teams.set(id, name)
    const customer = team.text('customer_id')
    const entry = {
      name,
      ...(customer !== undefined && { customer: this.#customers.get(customer) ?? customer }),
      ...this.#governed(team, 'team_id', id),
    }
    team.noticeRest()
    return entry
  }

  #key(key: Members, index: number): Entry {
    const id = key.text('id')
    const name = key.text('name') ?? id ?? `key-${index + 1}`
    const description = key.text('description')
    const expiresAt = key.text('expires_at')
    const active = key.flag('is_active')
    const deleteAfterExpiry = key.flag('delete_after_expire')
    const allowAllProviders = key.flag('allow_all_providers')
    const isContentHidden = key.flag('disable_content_logging')
    const secret = this.#context.secrets.refer(key, 'value', `virtual_key_${name}`)
    const entry = {
      name,
      owner: this.#owner(key),
      ...(description && { description }),
      ...(secret !== undefined && { secret }),
      ...(active !== undefined && { active }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(deleteAfterExpiry !== undefined && { deleteAfterExpiry }),
      ...(allowAllProviders !== undefined && { allowAllProviders }),
      ...(isContentHidden !== undefined && { contentLogging: isContentHidden ? 'OFF' : 'ON' }),
      providers: key.list('provider_configs').flatMap((config) => this.#providerConfig(config)),
      ...this.#governed(key, 'virtual_key_id', id),
    }
    key.noticeRest()
    return entry
  }

  #owner(key: Members): Entry {
    const team = key.text('team_id')
    const customer = key.text('customer_id')
    if (team !== undefined) return { team: this.#teams.get(team) ?? team }
    if (customer !== undefined) return { customer: this.#customers.get(customer) ?? customer }
    this.#hasStrays = true
    key.notice('name', `a key without an owner is charged to a customer "${ownerOfStrays}"`)
    return { customer: ownerOfStrays }
  }

  #providerConfig(config: Members): Entry[] {
    const provider = config.text('provider') ?? ''
    if (!this.#context.providers.has(provider)) {
      config.notice('provider', `"${provider}" is not among the providers of the file: left out`)
      return []
    }
    const weight = config.value('weight')
    const blockedModels = config.texts('blacklisted_models')
    const entry = {
      provider,
      ...((weight === null || typeof weight === 'number') && { weight: weight === 0 ? null : weight }),
      models: this.#list(config, ['allowed_models']),
      ...(blockedModels && { blockedModels }),
      keys: this.#list(config, ['key_ids', 'allowed_keys']),
      ...this.#governed(config, 'provider_config_id', config.text('id')),
    }
    config.noticeRest()
    return [entry]
  }

  /** @param names the present name of a list, then its former ones. */
  #list(config: Members, names: readonly [string, ...string[]]): string[] {
    const [present] = names
    const used = names.find((name) => config.has(name)) ?? present
    if (used !== present) config.notice(used, `"${used}" is called "${present}" today`)
    const list = config.texts(used) ?? []
    if (list.length > 0 || !this.#context.emptyMeansAll) return list
    config.notice(used, `an empty "${used}" meant all in this form of the file and is written as ["*"]`)
    return ['*']
  }

  /** What the owner carries, refers to, or is referred to by. */
  #governed(owner: Members, reference: string, id: string | undefined): Entry {
    const single = owner.object('budget')
    if (single) owner.notice('budget', '"budget" is called "budgets" today, and is a list')
    const budgetId = owner.text('budget_id')
    const referred = this.#budgets.filter((budget) => {
      const isMine = id !== undefined && budget.text(reference) === id
      return isMine || (budgetId !== undefined && budget.text('id') === budgetId)
    })
    for (const budget of referred) this.#attached.add(budget)
    const own = [...(single ? [single] : []), ...owner.list('budgets')]
    const budgets = [...own, ...referred].flatMap((budget) => budgetOf(budget) ?? [])
    const limitId = owner.text('rate_limit_id')
    const limits = [
      ...[owner.object('rate_limit')].flatMap((limit) => limit ?? []),
      ...this.#limits.filter((limit) => limitId !== undefined && limit.text('id') === limitId),
    ].flatMap(requestLimitsOf)
    const distinct = new Map(budgets.map((budget) => [budget.period, budget]))
    if (distinct.size < budgets.length)
      owner.notice('name', 'has several budgets of one period: the last one stands')
    return {
      ...(distinct.size > 0 && { budgets: [...distinct.values()] }),
      ...(limits.length > 0 && { requestLimits: joinWindows(limits) }),
    }
  }
}
