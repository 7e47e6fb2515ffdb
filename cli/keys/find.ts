import type { ControlPlane } from '../client/control-plane.ts'
import { CommandFailed } from '../client/failures.ts'
import type { FindOwnersQuery, ListKeysQuery, VirtualKeyFilter } from '../generated/graphql.ts'
import { FindOwners, ListKeys } from './documents.ts'

export type ListedKey = ListKeysQuery['virtualKeys']['edges'][number]['node']

/** Keys page by page, oldest first. */
export async function* listKeys(
  controlPlane: ControlPlane,
  filter: VirtualKeyFilter = {},
): AsyncGenerator<ListedKey> {
  let after: string | null | undefined = null
  do {
    const { virtualKeys }: ListKeysQuery = await controlPlane.run(ListKeys, { after, filter })
    for (const { node } of virtualKeys.edges) yield node
    after = virtualKeys.pageInfo.hasNextPage ? virtualKeys.pageInfo.endCursor : null
  } while (after != null)
}

/**
 * The key of this id, or the only one of this name that is not revoked.
 *
 * @throws CommandFailed
 */
export async function findKeyId(controlPlane: ControlPlane, idOrName: string): Promise<string> {
  if (/^vk_[0-9A-Z]{26}$/i.test(idOrName)) return idOrName
  const named: ListedKey[] = []
  for await (const key of listKeys(controlPlane, { search: idOrName })) {
    if (key.name === idOrName && key.status !== 'REVOKED') named.push(key)
  }
  const [only, ...others] = named
  if (!only) throw new CommandFailed(`There is no virtual key "${idOrName}"`)
  if (others.length === 0) return only.id
  throw new CommandFailed(
    `Several keys are named "${idOrName}": give the id, one of ${named.map(({ id }) => id).join(', ')}`,
  )
}

/** What the names of an issued key may refer to; each list to its end. */
export async function findNames(controlPlane: ControlPlane) {
  const ends: { afterCustomer?: string | null; afterTeam?: string | null; afterUser?: string | null } = {}
  const found = { customers: [] as Owner[], teams: [] as Owner[], users: [] as User[] }
  // A list that has ended gives empty pages behind its end.
  for (;;) {
    const page: FindOwnersQuery = await controlPlane.run(FindOwners, ends)
    found.customers.push(...page.customers.edges.map(({ node }) => node))
    found.teams.push(...page.teams.edges.map(({ node }) => node))
    found.users.push(...page.users.edges.map(({ node }) => node))
    const rest = [page.customers, page.teams, page.users].some(({ pageInfo }) => pageInfo.hasNextPage)
    if (!rest) {
      const [workspaces, providers] = [page.workspaces, page.providers]
      return {
        ...found,
        workspaces: workspaces.edges.map(({ node }) => node),
        providers: providers.edges.map(({ node }) => node),
      }
    }
    ends.afterCustomer = page.customers.pageInfo.endCursor ?? ends.afterCustomer ?? null
    ends.afterTeam = page.teams.pageInfo.endCursor ?? ends.afterTeam ?? null
    ends.afterUser = page.users.pageInfo.endCursor ?? ends.afterUser ?? null
  }
}

type Owner = FindOwnersQuery['teams']['edges'][number]['node']
type User = FindOwnersQuery['users']['edges'][number]['node']
