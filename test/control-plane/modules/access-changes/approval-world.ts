import { expect } from 'vitest'
import type { Browser } from '../../../environment/browser.ts'
import { read } from '../../api.ts'
import { nodesOf, type SignInOptions, type SignInSetup, startSignIn } from '../../http/signed-in.ts'

export interface Result {
  readonly __typename?: string
  readonly id?: string
  readonly code?: string
  readonly message?: string
  readonly change?: Change
}

export interface Change {
  readonly id: string
  readonly status: string
  readonly reason: string | null
  readonly mutation: string
  readonly fields: readonly string[]
  readonly effects: readonly {
    readonly type: string
    readonly subjectId: string
    readonly details: Readonly<Record<string, unknown>>
  }[]
}

export interface Person {
  readonly userId: string
  readonly browser: Browser
}

/** Who asks: somebody who has signed in, or an API token. */
export type Asker = Person | string

export interface ApprovalWorld {
  readonly setup: SignInSetup
  /** Two administrators, and a user who may do nothing of the kind. */
  readonly ada: Person
  readonly ben: Person
  readonly eve: Person
  /** Signs in somebody new. */
  person(login: string, roles: readonly string[]): Promise<Person>
  mutate(asker: Asker, field: string, input: object): Promise<Result>
  /** What waits now, for want of a second person. */
  request(asker: Asker, field: string, input: object): Promise<Change>
  decide(asker: Asker, verb: 'approve' | 'reject' | 'withdraw', id: string): Promise<Result & Partial<Change>>
  ask(asker: Asker, query: string, variables?: object): ReturnType<SignInSetup['ask']>
  /** Runs SQL in the organization. */
  sql<Row>(statement: string, values?: readonly unknown[]): Promise<Row[]>
  require(): Promise<void>
  /** As whoever has the database. */
  stop(): Promise<void>
  audited(
    type: string,
  ): Promise<{ actor: { name: string }; outcome: string; details: Record<string, unknown> }[]>
  rolesOf(userId: string): Promise<string[]>
}

export const changeFields =
  'id status reason mutation fields effects { type subjectId details } requestedBy { name } decidedBy { name }'
const selection = `__typename ... on Refusal { code message }
  ... on AccessApprovalRequired { change { ${changeFields} } }`

export async function startApprovalWorld(options: SignInOptions = {}): Promise<ApprovalWorld> {
  const setup = await startSignIn(options)
  const { api, tenant } = setup
  const ask: ApprovalWorld['ask'] = (asker, query, variables = {}) =>
    typeof asker === 'string'
      ? api.ask(asker, query, variables).then((answer) => ({ ...answer, errors: [...answer.errors] }))
      : setup.ask(asker.browser, query, variables)
  const send = async (asker: Asker, field: string, type: string, input: object, fields: string) => {
    const document = `mutation ($input: ${type}!) { ${field}(input: $input) { ${fields} } }`
    const { data, errors } = await ask(asker, document, { input })
    if (!data) throw new Error(JSON.stringify(errors))
    return read<Result>(data, field)
  }
  const mutate: ApprovalWorld['mutate'] = (asker, field, input) => {
    const isById = /^(delete|removeRoleAssignment)/.test(field)
    const type = isById ? 'ByIdInput' : `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
    const hasNode = !isById && field !== 'setAccessApproval'
    return send(asker, field, type, input, hasNode ? `${selection} ... on Node { id }` : selection)
  }
  const person: ApprovalWorld['person'] = async (login, roles) => {
    const { browser } = await setup.signIn(setup.describePerson(login, { roles }))
    return { browser, userId: (await setup.viewerOf(browser)).user.id }
  }
  const sql: ApprovalWorld['sql'] = (statement, values = []) =>
    api.controlPlane.database.transaction(tenant.organizationId, (em) => em.execute(statement, [...values]))
  return {
    ...{ setup, ask, mutate, person, sql },
    ...{ ada: await person('ada', ['gatehouse-admin']), ben: await person('ben', ['gatehouse-admin']) },
    eve: await person('eve', ['reader']),
    async request(asker, field, input) {
      const { change, ...rest } = await mutate(asker, field, input)
      expect(rest).toMatchObject({ __typename: 'AccessApprovalRequired', code: 'APPROVAL_REQUIRED' })
      if (!change) throw new Error('nothing waits')
      return change
    },
    async decide(asker, verb, id) {
      const fields = `__typename ... on AccessChange { ${changeFields} } ... on Refusal { code message }`
      return send(asker, `${verb}AccessChange`, 'ByIdInput', { id }, fields)
    },
    async require() {
      await sql('insert into access_approvals (org_id, since) values (?, now()) on conflict do nothing', [
        tenant.organizationId,
      ])
    },
    async stop() {
      await sql('delete from access_approvals')
      await sql('delete from access_changes')
    },
    async audited(type) {
      const { data } = await api.ask(
        tenant.token,
        `query ($type: String!) { auditEvents(filter: {type: $type}) { edges { node {
          actor { name } outcome details } } } }`,
        { type },
      )
      return nodesOf(data, 'auditEvents')
    },
    async rolesOf(userId) {
      const rows = await sql<{ role: string }>(
        'select role_id as role from role_assignments where user_id = ? order by role_id',
        [userId],
      )
      return rows.map(({ role }) => role)
    },
  }
}
