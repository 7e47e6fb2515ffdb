import { eventually, type Gateway } from './gateway.ts'

/** All that is needed to govern. */
export type Api = Pick<Gateway, 'graphql'>

/** Ids of what `gatehouse up` put into an empty database. */
export interface Demo {
  readonly workspaceId: string
  readonly teamId: string
  readonly providerId: string
}

export interface TestKey {
  readonly id: string
  readonly secret: string
}

export async function readDemo(gateway: Gateway): Promise<Demo> {
  const found = await gateway.graphql<{
    workspaces: Connection
    teams: Connection
    providers: Connection
  }>(
    '{ workspaces { edges { node { id name } } } teams { edges { node { id name } } } providers { edges { node { id name } } } }',
  )
  const idOf = ({ edges }: Connection, name?: string) => {
    const edge = edges.find(({ node }) => name === undefined || node.name === name)
    if (!edge) throw new Error(`no ${name}`)
    return edge.node.id
  }
  return {
    workspaceId: idOf(found.workspaces),
    teamId: idOf(found.teams),
    providerId: idOf(found.providers, 'demo'),
  }
}

interface Connection {
  readonly edges: readonly { readonly node: { readonly id: string; readonly name: string } }[]
}

/** A key of the demo's team; it may use everything unless `options` say less. */
export async function issueKey(
  gateway: Api,
  demo: Demo,
  options: {
    name?: string
    /** The demo's team unless said. */
    owner?: { readonly userId: string }
    priority?: 'LOW' | 'NORMAL' | 'HIGH'
    allowedModels?: string[]
    providers?: string[]
    expiresAt?: string
  } = {},
): Promise<TestKey> {
  const {
    owner = { teamId: demo.teamId },
    name = 'test',
    priority,
    allowedModels = ['*'],
    providers = [demo.providerId],
    expiresAt,
  } = options
  const { issueVirtualKey } = await gateway.graphql<{
    issueVirtualKey: { secret: string; virtualKey: { id: string }; message?: string }
  }>(
    `mutation ($input: IssueVirtualKeyInput!) { issueVirtualKey(input: $input) {
       ... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message } } }`,
    {
      input: {
        workspaceId: demo.workspaceId,
        name,
        priority,
        owner,
        providerConfigs: providers.map((providerId) => ({
          providerId,
          weight: 1,
          allowedModels,
          providerKeyIds: ['*'],
        })),
        expiresAt,
      },
    },
  )
  if (!issueVirtualKey.secret) throw new Error(issueVirtualKey.message)
  return { id: issueVirtualKey.virtualKey.id, secret: issueVirtualKey.secret }
}

export async function setBudget(
  gateway: Api,
  virtualKeyId: string,
  limit: string,
  mode: 'STRICT' | 'BALANCED' = 'STRICT',
): Promise<void> {
  await gateway.graphql(
    'mutation ($input: SetBudgetInput!) { setBudget(input: $input) { ... on Budget { id } } }',
    {
      input: { owner: { virtualKeyId }, limit, period: 'NONE', mode },
    },
  )
}

export async function setRequestLimit(
  gateway: Api,
  virtualKeyId: string,
  maxRequests: number,
): Promise<void> {
  await gateway.graphql(
    'mutation ($input: SetRequestLimitInput!) { setRequestLimit(input: $input) { ... on RequestLimit { id } } }',
    { input: { owner: { virtualKeyId }, maxRequests, windowSeconds: 3600 } },
  )
}

/** @param waitFor which data planes are to have confirmed it before this resolves */
export async function revokeKey(gateway: Api, id: string, waitFor: 'NONE' | 'ALL' = 'NONE'): Promise<void> {
  await gateway.graphql(
    'mutation ($input: RevokeVirtualKeyInput!) { revokeVirtualKey(input: $input) { ... on VirtualKey { status } } }',
    { input: { id, waitFor, waitSeconds: 20 } },
  )
}

/** Waits until the data plane runs what the control plane has decided. */
export async function configurationApplied(gateway: Pick<Gateway, 'graphql' | 'statusUrl'>): Promise<void> {
  const { configuration } = await gateway.graphql<{ configuration: { revision: number } }>(
    '{ configuration { revision } }',
  )
  await eventually(async () => {
    const response = await fetch(`${gateway.statusUrl}/status/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ node { revision } }' }),
    })
    const { data } = (await response.json()) as { data?: { node: { revision: number } } }
    return (data?.node.revision ?? 0) >= configuration.revision
  }, 30_000)
}
