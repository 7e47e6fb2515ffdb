import type { Entity } from '../../../contract/configuration/entities.ts'
import type { Transport } from '../../../transport/transport.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'

/** One organization on a control plane of its own, and its admin's mutations. */
export interface TenantApi {
  readonly api: TestApi
  readonly tenant: Tenant
  /** The result of a mutation: the named member's selection, or a refusal's code and message. */
  mutate(mutation: Mutation, input: object): Promise<Result>
  /** The message of a refused argument. */
  refusal(mutation: Mutation, input: object): Promise<string>
  query<T>(query: string, variables?: object): Promise<T>
  /** What data planes are told now, of one kind. */
  configured<K extends Entity['kind']>(kind: K): Promise<Extract<Entity, { kind: K }>[]>
  /** The details of the newest audit event of a type. */
  audited(type: string): Promise<Record<string, unknown>>
  close(): Promise<void>
}

export interface Mutation {
  readonly field: string
  readonly input: string
  /** `... on Provider { id }`, or plain fields where the result is no union. */
  readonly selection: string
  readonly refuses?: boolean
}

export interface Result extends Readonly<Record<string, unknown>> {
  readonly id: string
  readonly code?: string
  readonly message?: string
}

export async function startTenantApi(
  options: { now?: () => number; ormFilter?: boolean; transport?: Transport } = {},
): Promise<TenantApi> {
  const api = await startApi(options)
  const tenant = await api.createTenant('Acme')
  const ask = ({ field, input, selection, refuses = true }: Mutation, variables: object) => {
    const refusal = refuses ? '__typename ... on Refusal { code message }' : ''
    const document = `mutation($input: ${input}!) { ${field}(input: $input) { ${selection} ${refusal} } }`
    return api.ask(tenant.token, document, { input: variables })
  }
  return {
    api,
    tenant,
    async mutate(mutation, input) {
      const { data, errors } = await ask(mutation, input)
      if (!data) throw new Error(JSON.stringify(errors))
      return data[mutation.field] as Result
    },
    async refusal(mutation, input) {
      const { errors } = await ask(mutation, input)
      return errors[0]?.message ?? 'was accepted'
    },
    async query<T>(document: string, variables = {}) {
      const { data, errors } = await api.ask(tenant.token, document, variables)
      if (!data || errors.length > 0) throw new Error(JSON.stringify(errors))
      return data as T
    },
    async configured<K extends Entity['kind']>(kind: K) {
      const rows = await api.controlPlane.database.transaction(tenant.organizationId, (em) =>
        em.execute<{ document: Extract<Entity, { kind: K }> }[]>(
          'select document from config_entities where kind = ? order by id',
          [kind],
        ),
      )
      return rows.map(({ document }) => document)
    },
    async audited(type) {
      const [row] = await api.controlPlane.database.transaction(tenant.organizationId, (em) =>
        em.execute<{ details: Record<string, unknown> }[]>(
          'select details from audit_events where type = ? order by id desc limit 1',
          [type],
        ),
      )
      return row?.details ?? {}
    },
    close: () => api.close(),
  }
}

export const createProvider: Mutation = {
  field: 'createProvider',
  input: 'CreateProviderInput',
  selection: '... on Provider { id name baseUrl active connectTimeoutMs idleTimeoutMs }',
}

export const createTeam: Mutation = {
  field: 'createTeam',
  input: 'CreateTeamInput',
  selection: '... on Team { id }',
}
