import { type ConnectionOptions, connect } from '../client/connection.ts'
import type { VirtualKeyFilter } from '../generated/graphql.ts'
import { type Column, printJson, printTable } from '../terminal/output.ts'
import { type ListedKey, listKeys } from './find.ts'

export interface ListOptions extends ConnectionOptions {
  readonly search?: string
  readonly status?: string
  readonly json?: boolean
}

const columns: readonly Column<ListedKey>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'ID', cell: ({ id }) => id },
  { title: 'STATUS', cell: ({ status }) => status.toLowerCase() },
  { title: 'OWNER', cell: ownerOf },
  { title: 'MAY USE', cell: reachOf },
  { title: 'EXPIRES', cell: ({ expiresAt }) => expiresAt?.slice(0, 10) ?? 'never' },
]

/** Prints the keys, oldest first. */
export async function showKeys({ search, status, json, ...options }: ListOptions): Promise<void> {
  const controlPlane = await connect(options)
  const filter: VirtualKeyFilter = {
    ...(search !== undefined && { search }),
    ...(status !== undefined && { status: status.toUpperCase() as NonNullable<VirtualKeyFilter['status']> }),
  }
  const keys = await Array.fromAsync(listKeys(controlPlane, filter))
  if (json) printJson(keys)
  else printTable(columns, keys)
}

function ownerOf({ customer, team, user }: ListedKey): string {
  if (team) return `team ${team.name}`
  if (customer) return `customer ${customer.name}`
  return user ? `user ${user.email ?? user.name}` : ''
}

function reachOf({ providerConfigs }: ListedKey): string {
  const reach = providerConfigs.flatMap(({ provider, allowedModels }) =>
    allowedModels.map((model) => `${provider?.name ?? '?'}/${model}`),
  )
  return reach.length > 2
    ? `${reach.slice(0, 2).join(' ')} +${reach.length - 2}`
    : reach.join(' ') || 'nothing'
}
