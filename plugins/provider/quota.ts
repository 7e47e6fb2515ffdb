import {
  type BudgetStanding,
  type BuiltinCall,
  type BuiltinHost,
  type CompiledKey,
  decimalUsd,
  type LimitStanding,
  type ProviderGrant,
} from 'gatehouse/plugin-sdk/builtin'

const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }

/** A level of the key: with the provider where it is that of a provider configuration. */
interface Level<Node> {
  readonly node: Node
  readonly provider: string | null
}

/**
 * Answers `GET /v1/quota`: how the budgets and limits stand that calls of this key count for, at every level. Amounts of
 * money only where the organization shows them to its callers.
 */
export function answerQuota(call: BuiltinCall, host: BuiltinHost): void | Promise<void> {
  const { key } = call
  if (!key) throw new TypeError('provider ran before auth had found a key')
  const levels = levelsOf(key, ({ budgets }) => budgets)
  const standings = host.budgets.standing(levels.map(({ node }) => node))
  const answer = (known: readonly BudgetStanding[]): void => {
    const document = {
      object: 'quota',
      budgets: known.map((standing, index) =>
        budgetOf(standing, levels[index]?.provider ?? null, call.configuration.showBudgetAmounts),
      ),
      limits: limitsOf(key, host),
    }
    call.reply.send(200, { ...headers }, Buffer.from(JSON.stringify(document)))
  }
  return standings instanceof Promise ? standings.then(answer) : answer(standings)
}

/** From the organization down to the key, then those of each provider that it may use. */
function levelsOf<Node>(
  key: CompiledKey,
  nodesOf: (owner: CompiledKey | ProviderGrant) => readonly Node[],
): readonly Level<Node>[] {
  const own = nodesOf(key).map((node) => ({ node, provider: null }))
  const usable = key.grants.filter(({ active, provider }) => active && provider.active)
  const ofProviders = usable.flatMap((grant) =>
    nodesOf(grant).map((node) => ({ node, provider: grant.provider.name })),
  )
  return [...own, ...ofProviders]
}

function budgetOf({ budget, facts }: BudgetStanding, provider: string | null, showsAmounts: boolean) {
  return {
    scope: budget.scope,
    provider,
    resets_at: facts && timeOf(facts.windowEndsAt),
    ...(showsAmounts && amountsOf({ budget, facts })),
    as_of: facts && timeOf(facts.at),
  }
}

function amountsOf({ budget, facts }: BudgetStanding) {
  const limit = BigInt(facts?.limitNanoUsd ?? budget.limitNanoUsd)
  const used = facts && BigInt(facts.settledNanoUsd)
  const remaining = used !== null && used < limit ? limit - used : 0n
  return {
    unit: 'usd',
    limit: decimalUsd(limit),
    used: used === null ? null : decimalUsd(used),
    remaining: used === null ? null : decimalUsd(remaining),
  }
}

function limitsOf(key: CompiledKey, host: BuiltinHost) {
  const levels = levelsOf(key, ({ limits }) => limits)
  const now = host.now()
  return host.limits
    .standing(levels.map(({ node }) => node))
    .map((standing, index) => limitOf(standing, levels[index]?.provider ?? null, now))
}

function limitOf({ limit, remaining, resetMs }: LimitStanding, provider: string | null, now: number) {
  const { scope, unit, max, windowSeconds } = limit
  return {
    scope,
    provider,
    unit,
    limit: max,
    remaining,
    window_seconds: windowSeconds,
    resets_at: timeOf(now + resetMs),
  }
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
