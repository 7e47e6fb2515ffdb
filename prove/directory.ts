import { setTimeout as delay } from 'node:timers/promises'
import type { Planes } from '../test/acceptance/planes.ts'
import {
  type DirectoryServer,
  startDirectoryServer,
} from '../test/environment/directories/directory-server.ts'
import { oktaApi } from '../test/environment/directories/okta.ts'
import { judge, type TimePromise, type Verdict } from './promise.ts'

const promise: TimePromise = {
  promise: '10 000 people are reconciled with their directory within 60 s',
  quantile: 1,
  limitMs: 60_000,
}
const giveUpMs = 20 * 60_000
const tellEveryMs = 10_000

export interface DirectoryProof {
  readonly people: number
  /** Of them, how many leave, and how many get another role and another team. */
  readonly gone: number
  readonly moved: number
}

interface Run {
  readonly id: string
  readonly state: string
  readonly startedAt: string
  readonly finishedAt: string | null
  readonly seen: number
  readonly created: number
  readonly updated: number
  readonly decommissioned: number
  readonly errors: number
}

/** Imports a directory of that size and reconciles it: as it is, and then with people who left or moved. */
export async function proveDirectory(
  planes: Planes,
  { people, gone, moved }: DirectoryProof,
  progress: (line: string) => void,
): Promise<Verdict> {
  const directory = await startDirectoryServer(oktaApi('an-api-token'))
  try {
    populate(directory, people)
    const providerId = await createProvider(planes, directory.url)
    const imported = await run(planes, 'importDirectoryUsers', providerId, progress)
    expectCounts(imported, { created: people, updated: 0, decommissioned: 0 })
    const unchanged = await run(planes, 'syncDirectory', providerId, progress)
    expectCounts(unchanged, { created: 0, updated: 0, decommissioned: 0 })
    const ids = [...directory.people.keys()]
    for (const id of ids.slice(0, gone)) directory.people.delete(id)
    move(directory, ids.slice(gone, gone + moved))
    const changed = await run(planes, 'syncDirectory', providerId, progress)
    expectCounts(changed, { created: 0, updated: moved, decommissioned: gone })
    return judge(promise, [durationOf(unchanged), durationOf(changed)])
  } finally {
    await directory.close()
  }
}

function populate({ people, groups }: DirectoryServer, count: number): void {
  const ids = Array.from({ length: count }, (_, at) => `00u${String(at).padStart(6, '0')}`)
  for (const id of ids) people.set(id, { name: `Person ${id}`, email: `${id}@example.com`, active: true })
  groups.set('readers', new Set(ids))
  for (let at = 0; at < 20; at += 1) {
    groups.set(`team-${at}`, new Set(ids.filter((_, index) => index % 20 === at)))
  }
  groups.set('engineers', new Set())
}

function move({ groups }: DirectoryServer, ids: readonly string[]): void {
  const moved = new Set(ids)
  for (const [name, members] of groups) groups.set(name, new Set([...members].filter((id) => !moved.has(id))))
  // Whoever gets less counts as leaving, and so many may not at once.
  groups.set('engineers', moved)
}

async function createProvider(planes: Planes, url: string): Promise<string> {
  const { createIdentityProvider: provider } = await planes.graphql<{
    createIdentityProvider: { id: string }
  }>(
    `mutation ($input: CreateIdentityProviderInput!) { createIdentityProvider(input: $input) { ... on IdentityProvider { id } } }`,
    {
      input: {
        ...{ name: 'okta', kind: 'OKTA', issuer: url, clientId: 'gatehouse', clientSecret: 'a-secret' },
        trustedNetworks: ['127.0.0.0/8'],
        roleRules: [
          { claim: 'groups', value: 'engineers', roleId: 'role_developer' },
          { claim: 'groups', value: 'readers', roleId: 'role_viewer' },
        ],
        teamRules: [{ claim: 'groups', value: '*', team: '*' }],
        teamWorkspaceId: planes.demo.workspaceId,
      },
    },
  )
  await planes.graphql(
    `mutation ($input: SetDirectoryInput!) { setDirectory(input: $input) { __typename } }`,
    { input: { identityProviderId: provider.id, url, secret: 'an-api-token' } },
  )
  return provider.id
}

async function run(
  planes: Planes,
  mutation: 'importDirectoryUsers' | 'syncDirectory',
  identityProviderId: string,
  progress: (line: string) => void,
): Promise<Run> {
  const inputType = mutation === 'syncDirectory' ? 'SyncDirectoryInput' : 'ImportDirectoryUsersInput'
  const answer = await planes.graphql<Record<string, { id: string }>>(
    `mutation ($input: ${inputType}!) { ${mutation}(input: $input) { ... on DirectorySyncRun { id } } }`,
    { input: { identityProviderId } },
  )
  const id = answer[mutation]?.id
  const startedAt = performance.now()
  let told = startedAt
  for (;;) {
    const { node } = await planes.graphql<{ node: Run }>(
      `query ($id: ID!) { node(id: $id) { ... on DirectorySyncRun {
        id state startedAt finishedAt seen created updated decommissioned errors } } }`,
      { id },
    )
    if (performance.now() - told > tellEveryMs) {
      told = performance.now()
      const { state, seen, created, updated, decommissioned } = node
      progress(`${mutation}: ${JSON.stringify({ state, seen, created, updated, decommissioned })}`)
    }
    if (node.finishedAt !== null) {
      progress(`${mutation} took ${durationOf(node)} ms: ${JSON.stringify(node)}`)
      return node
    }
    if (performance.now() - startedAt > giveUpMs) throw new Error(`the run is still ${node.state}`)
    await delay(250)
  }
}

function durationOf({ startedAt, finishedAt }: Run): number {
  return Date.parse(finishedAt ?? '') - Date.parse(startedAt)
}

function expectCounts(run: Run, expected: Pick<Run, 'created' | 'updated' | 'decommissioned'>): void {
  const { state, created, updated, decommissioned, errors } = run
  const found = JSON.stringify({ state, created, updated, decommissioned, errors })
  if (found !== JSON.stringify({ state: 'SUCCEEDED', ...expected, errors: 0 }))
    throw new Error(`the run came to ${found}`)
}
