import type { FileRequestLimit } from '../../contract/configuration-file/parts.ts'
import type { RequestLimit } from '../modules/limits/entity.ts'
import type { Item, WantedItem } from './items.ts'
import type { Refuse } from './normal-forms.ts'

/** What a limit counts, both said; null: not counted. */
export type LimitFields = Pick<RequestLimit, 'maxRequests' | 'maxTokens'>

export function limitFieldsOf({ maxRequests = null, maxTokens = null }: Partial<LimitFields>): {
  readonly [Name in keyof LimitFields]: LimitFields[Name]
} {
  return { maxRequests, maxTokens }
}

/** The request limit that a file asks for. */
export function wantedLimit(
  limit: FileRequestLimit,
  owner: NonNullable<Item['owner']>,
  path: string,
  refuse: Refuse,
): WantedItem {
  refuseEmpty(limit, path, refuse)
  const name = [owner.kind, ...owner.name, String(limit.windowSeconds)]
  return { kind: 'request_limit', name, owner, path, fields: limitFieldsOf(limit), references: [] }
}

/** The request limits of a profile, as a file says them. */
export function wantedProfileLimits(
  limits: readonly FileRequestLimit[],
  path: string,
  refuse: Refuse,
): readonly FileRequestLimit[] {
  for (const [index, limit] of limits.entries()) refuseEmpty(limit, `${path}/${index}`, refuse)
  return limits
}

function refuseEmpty({ maxRequests, maxTokens }: FileRequestLimit, path: string, refuse: Refuse): void {
  if (maxRequests === undefined && maxTokens === undefined) {
    refuse(path, 'limits nothing: give "maxRequests", "maxTokens" or both')
  }
}
