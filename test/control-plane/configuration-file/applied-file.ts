import type { Mutation, Result, TenantApi } from '../modules/tenant-api.ts'

export const apply: Mutation = {
  field: 'applyConfiguration',
  input: 'ApplyConfigurationInput',
  selection: `
    ... on AppliedConfiguration { changes { action kind name fields { field before after } } revision }
    ... on ConfigurationFileInvalid { problems { path message } }`,
}

export interface Applied extends Result {
  readonly changes: readonly {
    readonly action: string
    readonly kind: string
    readonly name: string
    readonly fields: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[]
  }[]
  readonly problems: readonly { readonly path: string; readonly message: string }[]
}

/** Applies a file of these sections. */
export async function applyFile(
  api: Pick<TenantApi, 'mutate'>,
  sections: object,
  options: object = {},
): Promise<Applied> {
  return (await api.mutate(apply, { document: { version: 1, ...sections }, ...options })) as Applied
}

/** `CREATE team default/Build`, … */
export const told = ({ changes }: Applied) =>
  changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)
