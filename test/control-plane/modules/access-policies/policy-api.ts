import { read } from '../../api.ts'
import type { RoleApi } from '../roles/role-api.ts'
import type { Mutation, Result } from '../tenant-api.ts'

export const createAccessPolicy: Mutation = {
  field: 'createAccessPolicy',
  input: 'CreateAccessPolicyInput',
  selection:
    '... on AccessPolicy { id version name enabled effect permissions everybody condition roles { id } userIds timeWindows { days from until timeZone } }',
}
export const updateAccessPolicy: Mutation = {
  ...createAccessPolicy,
  field: 'updateAccessPolicy',
  input: 'UpdateAccessPolicyInput',
}
export const deleteAccessPolicy: Mutation = {
  field: 'deleteAccessPolicy',
  input: 'ByIdInput',
  selection: '... on Deleted { id }',
}

export const officeHours = {
  days: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'],
  ...{ from: '09:00', until: '17:00', timeZone: 'Europe/Berlin' },
}

let count = 0

/** A policy of the admin's that was made. */
export async function makePolicy(roles: RoleApi, input: object): Promise<Result> {
  const whole = { name: `policy ${++count}`, effect: 'DENY_WHEN', ...input }
  const made = await roles.mutate(createAccessPolicy, whole)
  if (made.code !== undefined) throw new Error(made.message)
  return made
}

export interface Explained {
  readonly allowed: boolean
  readonly explanation: string
  readonly reasons: readonly { readonly counts: boolean }[]
  readonly policies: readonly {
    readonly name: string
    readonly verdict: string
    readonly explanation: string
  }[]
}

/** Why somebody, the one who asks unless said, may do something or not. */
export async function explain(roles: RoleApi, token: string, input: object): Promise<Explained> {
  const document = `query($input: ExplainPermissionInput!) { explainPermission(input: $input) {
    allowed explanation reasons { counts } policies { name verdict explanation } } }`
  const { data, errors } = await roles.api.ask(token, document, { input })
  if (errors.length > 0) throw new Error(errors[0]?.message)
  return read<Explained>(data, 'explainPermission')
}
