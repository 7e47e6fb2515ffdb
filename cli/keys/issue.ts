import { type ConnectionOptions, connect } from '../client/connection.ts'
import { accepted, CommandFailed } from '../client/failures.ts'
import type { IssueVirtualKeyInput } from '../generated/graphql.ts'
import { pointInTime } from '../terminal/duration.ts'
import { IssueKey } from './documents.ts'
import { findNames } from './find.ts'
import { printSecret } from './secret.ts'

export interface IssueOptions extends ConnectionOptions {
  readonly team?: string
  readonly customer?: string
  readonly user?: string
  /** `openai` or `openai/gpt-4o-mini`, as often as needed. */
  readonly allow: readonly string[]
  readonly workspace?: string
  readonly expires?: string
  readonly json?: boolean
}

type Names = Awaited<ReturnType<typeof findNames>>

/** Issues a key for an owner that is named, and prints its secret, which nobody sees again. */
export async function issueKey(name: string, options: IssueOptions): Promise<void> {
  const controlPlane = await connect(options)
  const names = await findNames(controlPlane)
  const workspaceId = workspaceOf(names, options)
  const input = {
    name,
    workspaceId,
    owner: ownerOf(names, workspaceId, options),
    providerConfigs: providerConfigsOf(names, options.allow),
    ...(options.expires !== undefined && { expiresAt: pointInTime(options.expires, 'ahead', Date.now()) }),
  }
  const { issueVirtualKey } = await controlPlane.run(IssueKey, { input })
  printSecret(accepted(issueVirtualKey, 'IssuedVirtualKey'), options)
}

function workspaceOf({ workspaces }: Names, { workspace }: IssueOptions): string {
  const [only, ...others] = workspaces
  if (workspace === undefined && only && others.length === 0) return only.id
  if (workspace === undefined) throw new CommandFailed('Which workspace? Name it with --workspace', 2)
  return named('workspace', workspaces, workspace).id
}

function ownerOf(names: Names, workspaceId: string, { team, customer, user }: IssueOptions) {
  const given = [team, customer, user].filter((owner) => owner !== undefined)
  if (given.length !== 1)
    throw new CommandFailed('Whom is it charged to? Give one of --team, --customer, --user', 2)
  const here = (owner: { readonly workspace?: { readonly id: string } | null }) =>
    owner.workspace?.id === workspaceId
  if (team !== undefined) return { teamId: named('team', names.teams.filter(here), team).id }
  if (customer !== undefined)
    return { customerId: named('customer', names.customers.filter(here), customer).id }
  const users = names.users.map((each) => (each.email === user ? { ...each, name: each.email ?? '' } : each))
  return { userId: named('user', users, user ?? '').id }
}

function providerConfigsOf(
  { providers }: Names,
  allow: readonly string[],
): IssueVirtualKeyInput['providerConfigs'] {
  const allowed = allow.map((text) => {
    const [provider = '', ...model] = text.split('/')
    return { providerId: named('provider', providers, provider).id, model: model.join('/') || '*' }
  })
  const byProvider = Map.groupBy(allowed, ({ providerId }) => providerId)
  return [...byProvider].map(([providerId, entries]) => {
    const models = entries.map(({ model }) => model)
    const allowedModels = models.includes('*') ? ['*'] : [...new Set(models)]
    return { providerId, weight: 1, allowedModels, providerKeyIds: ['*'] }
  })
}

function named<T extends { readonly id: string; readonly name: string }>(
  what: string,
  things: readonly T[],
  idOrName: string,
): T {
  const found = things.filter(({ id, name }) => id === idOrName || name === idOrName)
  const [only, ...others] = found
  if (!only) {
    const known = things.slice(0, 10).map(({ name }) => `"${name}"`)
    throw new CommandFailed(`There is no ${what} "${idOrName}"; there are ${known.join(', ') || 'none'}`)
  }
  if (others.length > 0) throw new CommandFailed(`Several ${what}s are named "${idOrName}": give the id`)
  return only
}
