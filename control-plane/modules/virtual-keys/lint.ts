import { type FilterQuery, raw } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { checkInteger } from '../../input.ts'
import type { VirtualKey } from './entity.ts'
import { type KeyFilter, keyCondition } from './filter.ts'

/** From the least to the most severe. */
export const lintSeverities = ['low', 'medium', 'high'] as const
export type LintSeverity = (typeof lintSeverities)[number]

interface Rule {
  readonly severity: LintSeverity
  readonly message: string
  readonly advice: string
  /** Whether a key of the table `key` breaks the rule, in SQL. */
  breaks(key: string, times: LintTimes): string
}

interface LintTimes {
  /** SQL literals. */
  readonly unusedSince: string
  readonly rotatedBefore: string
}

const activeConfigs = (key: string) =>
  `provider_configs c where c.org_id = ${key}.org_id and c.virtual_key_id = ${key}.id and c.active`

/** Whether the key, or one of its provider configurations, has a policy of this table. */
const hasPolicy = (table: string, key: string) =>
  `exists (select from ${table} p where p.org_id = ${key}.org_id and (
    (p.owner_kind = 'virtual_key' and p.owner_id = ${key}.id)
    or (p.owner_kind = 'provider_config' and p.owner_id in (select c.id from ${activeConfigs(key)}))))`

/** What makes a key reach further than one application needs. [S1-30] */
export const lintRules = {
  ALL_PROVIDERS: {
    severity: 'high',
    message: 'It may use every provider, also those that are added later.',
    advice: 'Switch "allowAllProviders" off and give it a configuration for each provider that it needs.',
    breaks: (key) => `${key}.allow_all_providers`,
  },
  ALL_MODELS: {
    severity: 'high',
    message: 'It may use every model of a provider, the dearest included.',
    advice: 'Name the models in "allowedModels", or a pattern such as "regex:gpt-4o.*".',
    breaks: (key) => `exists (select from ${activeConfigs(key)} and c.allowed_models @> '["*"]')`,
  },
  NO_BUDGET: {
    severity: 'high',
    message: 'Neither it nor its provider configurations have a budget.',
    advice: 'Give it one with "addBudget".',
    breaks: (key) => `not ${hasPolicy('budgets', key)}`,
  },
  UNUSED: {
    severity: 'medium',
    message: 'Nobody has used it for a long time.',
    advice: 'Revoke it, or set an expiry.',
    breaks: (key, { unusedSince }) =>
      `${key}.created_at < ${unusedSince} and not exists (select from usage_records u
        where u.org_id = ${key}.org_id and u.virtual_key_id = ${key}.id and u.at >= ${unusedSince})`,
  },
  NO_EXPIRY: {
    severity: 'medium',
    message: 'It never expires.',
    advice: 'Set "expiresIn" or "expiresAt", and rotate it before.',
    breaks: (key) => `${key}.expires_at is null`,
  },
  OLD_SECRET: {
    severity: 'medium',
    message: 'Its secret is more than a year old.',
    advice: 'Rotate it with "rotateVirtualKey".',
    breaks: (key, { rotatedBefore }) => `coalesce(${key}.rotated_at, ${key}.created_at) < ${rotatedBefore}`,
  },
  SEVERAL_PROVIDERS: {
    severity: 'low',
    message: 'It may use more than one provider.',
    advice: 'Issue one key for each provider, unless it is to fall back from one to the other.',
    breaks: (key) => `(select count(*) from ${activeConfigs(key)}) > 1`,
  },
  NO_REQUEST_LIMIT: {
    severity: 'low',
    message: 'Neither it nor its provider configurations have a request limit.',
    advice: 'Give it one with "addRequestLimit".',
    breaks: (key) => `not ${hasPolicy('request_limits', key)}`,
  },
} as const satisfies Record<string, Rule>

export type LintCode = keyof typeof lintRules
export const lintCodes = Object.keys(lintRules) as LintCode[]

export interface LintInput {
  readonly filter?: KeyFilter | null | undefined
  readonly minimumSeverity?: LintSeverity | null | undefined
  /** 1 to 3650. */
  readonly unusedDays: number
}

const dayMs = 86_400_000
const oldSecretDays = 365

/** The keys that break a rule and are not revoked. Rules and times are ours: nothing of the input enters the SQL. */
export function lintCondition(input: LintInput, now: number): FilterQuery<VirtualKey> {
  const times = lintTimes(input, now)
  const least = lintSeverities.indexOf(input.minimumSeverity ?? 'low')
  const rules = lintCodes.filter((code) => lintSeverities.indexOf(lintRules[code].severity) >= least)
  const broken = rules.map(
    (code) => ({ [raw((key) => `(${lintRules[code].breaks(key, times)})`)]: [] }) as FilterQuery<VirtualKey>,
  )
  return { $and: [keyCondition(input.filter ?? {}), { status: { $ne: 'revoked' } }, { $or: broken }] }
}

/** Which rules each of these keys breaks, the most severe first. */
export async function findBreaches(
  em: EntityManager,
  keyIds: readonly string[],
  input: LintInput,
  now: number,
): Promise<ReadonlyMap<string, readonly LintCode[]>> {
  const times = lintTimes(input, now)
  const columns = lintCodes.map((code) => `(${lintRules[code].breaks('key', times)}) as "${code}"`)
  const rows = await em.execute<(Record<LintCode, boolean> & { id: string })[]>(
    `select key.id, ${columns.join(', ')} from virtual_keys key
     where key.id in (select jsonb_array_elements_text(?::jsonb))`,
    [JSON.stringify(keyIds)],
  )
  return new Map(rows.map((row) => [row.id, lintCodes.filter((code) => row[code])]))
}

/** @throws BadUserInput */
function lintTimes({ unusedDays }: LintInput, now: number): LintTimes {
  checkInteger('unusedDays', unusedDays, { minimum: 1, maximum: 3650 })
  return {
    unusedSince: timestamp(now - unusedDays * dayMs),
    rotatedBefore: timestamp(now - oldSecretDays * dayMs),
  }
}

function timestamp(time: number): string {
  return `timestamptz '${new Date(time).toISOString()}'`
}
