import { raw } from '@mikro-orm/core'

/** Whose rows a transaction sees. */
export interface VisibleRows {
  readonly scope: 'own' | 'team'
  /** Who asks: an API token. */
  readonly actorId: string
  /** The user that it stands for, if any. */
  readonly user: { readonly id: string; readonly teamIds: readonly string[] } | null
}

interface SqlCondition {
  readonly sql: string
  readonly values: readonly string[]
}

/** Tables that row-level security hides the rows of others in. */
const walledTables = { VirtualKey: owned, UsageRecord: owned, AuditEvent: done } as const

/**
 * What row-level security says of an entity's rows, said once more where an index can serve it: a policy is an
 * alternative ("everybody's, or one's own"), which none can.
 */
export function visibleCondition(entityName: string, rows: VisibleRows | null): object {
  if (rows === null || !isWalled(entityName)) return {}
  const { sql, values } = walledTables[entityName](rows)
  return { [raw(sql, [...values])]: [] }
}

function isWalled(entityName: string): entityName is keyof typeof walledTables {
  return entityName in walledTables
}

const ofTeams = `any (string_to_array(?, ','))`
const members = `any (array(select user_id from memberships where team_id = ${ofTeams}))`

/** Of rows that name the user and the team that they belong to. */
export function owned({ scope, user }: VisibleRows): SqlCondition {
  if (user === null) return { sql: 'false', values: [] }
  if (scope === 'own' || user.teamIds.length === 0) return { sql: 'user_id = ?', values: [user.id] }
  const teams = user.teamIds.join(',')
  return {
    sql: `(user_id = ? or team_id = ${ofTeams} or user_id = ${members})`,
    values: [user.id, teams, teams],
  }
}

/** Of rows that name the token or the virtual key that did something. */
function done({ scope, actorId, user }: VisibleRows): SqlCondition {
  if (user === null) return { sql: 'actor_id = ?', values: [actorId] }
  const own = `select ?::text union all select id from api_tokens where user_id = ?
    union all select id from virtual_keys where user_id = ?`
  if (scope === 'own' || user.teamIds.length === 0) {
    return { sql: `actor_id = any (array(${own}))`, values: [actorId, user.id, user.id] }
  }
  const teams = user.teamIds.join(',')
  return {
    sql: `actor_id = any (array(${own} union all select id from api_tokens where user_id = ${members}
      union all select id from virtual_keys where user_id = ${members}
      union all select id from virtual_keys where team_id = ${ofTeams}))`,
    values: [actorId, user.id, user.id, teams, teams, teams],
  }
}
