import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import {
  defaultStoredSessionSettings,
  type StoredSessionSettings,
} from '../../control-plane/session-settings.ts'
import type { Sessions } from '../../control-plane/sessions/sessions.ts'
import { startControlPlane } from '../control-plane.ts'
import { onStop } from '../processes.ts'
import type { Stores } from '../stores.ts'

export interface Scene {
  /** Of the control plane. */
  readonly url: string
  /** Where signing in at the identity provider begins, and where it comes back to. */
  readonly loginUrl: string
  readonly callbackUrl: string
  readonly sessions: Sessions
}

interface Client {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

/** A control plane that keeps sessions in `store`, and an identity provider that knows so many people. */
export async function startScene(
  { databaseUrl, redisUrl, organizationId, adminToken }: Stores,
  store: StoredSessionSettings['store'],
  people: number,
): Promise<Scene> {
  const { url, services } = await startControlPlane({
    databaseUrl,
    redisUrl,
    sessions: { ...defaultStoredSessionSettings, store },
  })
  const name = `people-${store}`
  const at = `${url}/auth/oidc/${name}`
  const callbackUrl = `${at}/callback/${organizationId}`
  await enableProvider(url, adminToken, name, await startProvider(callbackUrl, people))
  return {
    url,
    callbackUrl,
    loginUrl: `${at}/login?organization=${organizationId}`,
    sessions: services.sessions,
  }
}

async function startProvider(callbackUrl: string, people: number): Promise<Client> {
  const child = fork(join(import.meta.dirname, 'identity-provider.ts'), [callbackUrl, String(people)])
  onStop(async () => {
    child.kill()
    await once(child, 'exit')
  })
  const [client] = await once(child, 'message', { signal: AbortSignal.timeout(30_000) })
  return client
}

async function enableProvider(url: string, adminToken: string, name: string, client: Client): Promise<void> {
  const ask = async (query: string, variables: object) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as {
      data?: Record<string, { id?: string }>
      errors?: unknown
    }
    const [result] = Object.values(data ?? {})
    if (!result || 'message' in result) throw new Error(`refused: ${JSON.stringify(errors ?? result)}`)
    return result
  }
  const { id } = await ask(
    `mutation ($input: CreateIdentityProviderInput!) {
       createIdentityProvider(input: $input) { ... on IdentityProvider { id } ... on Refusal { message } }
     }`,
    {
      input: {
        ...{ name, kind: 'OIDC', ...client, trustedNetworks: ['127.0.0.0/8'] },
        roleRules: [{ claim: 'roles', value: 'reader', roleId: 'role_viewer' }],
      },
    },
  )
  await ask('mutation ($id: ID!) { verifyIdentityProvider(input: {id: $id}) { __typename } }', { id })
  await ask(
    `mutation ($id: ID!) {
       setIdentityProviderEnabled(input: {id: $id, enabled: true}) { __typename ... on Refusal { message } }
     }`,
    { id },
  )
}
