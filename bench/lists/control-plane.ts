import pg from 'pg'
import { startControlPlane } from '../control-plane.ts'
import type { Principal } from './cases.ts'
import type { SeededDatabase } from './database.ts'
import { idOf } from './seed.ts'

export interface Answer {
  readonly data: Readonly<Record<string, unknown>>
  readonly milliseconds: number
  /** SQL statements that were sent meanwhile, those of background loops included. */
  readonly statements: number
}

export interface ListsApi {
  ask(principal: Principal, document: string, variables: object): Promise<Answer>
}

const scopedUser = 7

/** A control plane over the filled database, asked over HTTP, with a token for each principal. */
export async function startListsApi({ url: databaseUrl, adminToken }: SeededDatabase): Promise<ListsApi> {
  const controlPlane = await startControlPlane({ databaseUrl, redisUrl: undefined })
  const sent = countStatements()
  const post = async (token: string, query: string, variables: object): Promise<Answer> => {
    const [before, start] = [sent.statements, performance.now()]
    const response = await fetch(`${controlPlane.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as { data?: Answer['data']; errors?: unknown }
    const milliseconds = performance.now() - start
    if (errors || !data) throw new Error(`the control plane refused ${query}: ${JSON.stringify(errors)}`)
    return { data, milliseconds, statements: sent.statements - before }
  }
  const scoped = (rowScope: string) => issueScopedToken(rowScope, (...args) => post(adminToken, ...args))
  const tokens = { admin: adminToken, team: await scoped('TEAM'), own: await scoped('OWN') }
  return { ask: (principal, document, variables) => post(tokens[principal], document, variables) }
}

/** Counts what the control plane, which runs in this process, sends to PostgreSQL. */
function countStatements(): { readonly statements: number } {
  const sent = { statements: 0 }
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    sent.statements++
    return Reflect.apply(query, this, args)
  }
  return sent
}

/** For a user who made many calls, in a team as large as any. */
async function issueScopedToken(
  rowScope: string,
  ask: (document: string, variables: object) => Promise<Answer>,
): Promise<string> {
  const mutate = async (name: string, input: object, selection: string) => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`
    const { data } = await ask(
      `mutation Bench($input: ${type}!) { ${name}(input: $input) { ${selection} ... on Refusal { message } } }`,
      { input },
    )
    const result = data[name] as Readonly<Record<string, string>>
    if ('message' in result) throw new Error(`${name} was refused: ${result.message}`)
    return result
  }
  const name = `${rowScope} at ${new Date().toISOString()}`
  const nouns = ['virtual_keys', 'usage', 'audit_logs', 'users', 'teams', 'workspaces', 'providers']
  const permissions = nouns.map((noun) => `${noun}:view`)
  const { id: roleId } = await mutate('createRole', { name, permissions, rowScope }, '... on Role { id }')
  const userId = idOf('usr', scopedUser)
  await mutate('assignRole', { userId, roleId }, '... on RoleAssignment { id }')
  const { secret } = await mutate(
    'issueApiToken',
    { name, roleId, userId },
    '... on IssuedApiToken { secret }',
  )
  return String(secret)
}
