import { AdminApi } from '../organization.ts'
import {
  type ControlPlane,
  type DataPlane,
  newMasterKey,
  startControlPlane,
  startDataPlane,
} from '../planes.ts'
import { type Stores, startStores } from '../stores.ts'
import { Published } from './published.ts'
import { type Place, seedKeys } from './seed.ts'
import { until } from './until.ts'

/** With a team for the keys that are issued while it is measured. */
type MeasuredPlace = Place & { readonly teamId: string }

interface MeasuredKey {
  readonly id: string
  readonly secret: string
}

/** Both planes as processes of their own over a real PostgreSQL and a real Redis, and an organization with many keys. */
export class Scene {
  readonly published: Published
  readonly #stores: Stores
  readonly #masterKey: string
  readonly #place: MeasuredPlace
  #controlPlane: ControlPlane | undefined
  #dataPlane: DataPlane | undefined

  private constructor(stores: Stores, masterKey: string, place: MeasuredPlace, published: Published) {
    this.#stores = stores
    this.#masterKey = masterKey
    this.#place = place
    this.published = published
  }

  /** With the keys in the database, and no plane running yet. */
  static async open(keys: number, progress: (text: string) => void): Promise<Scene> {
    const stores = await startStores(progress)
    const masterKey = newMasterKey()
    const first = await startControlPlane(stores, { GATEHOUSE_MASTER_KEY: masterKey })
    const place = await createPlace(apiOf(first, stores), stores.organizationId)
    await first.running.kill()
    await seedKeys(stores.superuserUrl, place, keys)
    progress(`${keys} keys are in the database`)
    return new Scene(stores, masterKey, place, await Published.open(stores.redisUrl, place.organizationId))
  }

  get controlPlane(): ControlPlane {
    if (!this.#controlPlane) throw new Error('the control plane was not started')
    return this.#controlPlane
  }

  get dataPlane(): DataPlane {
    if (!this.#dataPlane) throw new Error('the data plane was not started')
    return this.#dataPlane
  }

  /** Kills the one that runs. Resolves once it answers. */
  async startControlPlane(): Promise<void> {
    await this.#controlPlane?.running.kill()
    this.#controlPlane = await startControlPlane(this.#stores, {
      GATEHOUSE_MASTER_KEY: this.#masterKey,
      GRAPHQL_REQUESTS_PER_MINUTE: '1000000',
      GRAPHQL_REQUESTS_PER_MINUTE_OF_ADDRESS: '1000000',
    })
  }

  /** Kills the one that runs; a first start enrols, a later one has the disk. Resolves once it can serve. */
  async startDataPlane(): Promise<void> {
    await this.#dataPlane?.running.kill()
    const { token } = await this.#api.mutate(
      'createEnrolmentToken',
      { ttlSeconds: 600 },
      '... on EnrolmentToken { token }',
    )
    const plane = await startDataPlane({
      stores: this.#stores,
      controlPlaneUrl: this.controlPlane.url,
      enrolmentToken: String(token),
    })
    this.#dataPlane = plane
    await until(async () => (await fetch(`${plane.statusOrigin}/readyz`)).ok)
  }

  async issueKey(): Promise<MeasuredKey> {
    const { workspaceId, providerId, teamId } = this.#place
    const config = { providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] }
    const { secret, virtualKey } = (await this.#api.mutate(
      'issueVirtualKey',
      { workspaceId, name: 'Measured', owner: { teamId }, providerConfigs: [config] },
      '... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message }',
    )) as { secret: string; virtualKey: { id: string } }
    return { id: virtualKey.id, secret }
  }

  /** With `ALL` it resolves once the data plane has said that it runs the change. */
  async revokeKey(id: string, waitFor: 'NONE' | 'ALL'): Promise<void> {
    const selection = '... on VirtualKey { id } ... on Refusal { message }'
    await this.#api.mutate('revokeVirtualKey', { id, waitFor, waitSeconds: 20 }, selection)
  }

  /** Until the data plane answers calls of this key so. */
  async untilAnswered(secret: string, status: number): Promise<void> {
    const headers = { authorization: `Bearer ${secret}` }
    await until(async () => {
      const response = await fetch(`${this.dataPlane.origin}/v1/models`, { headers })
      await response.arrayBuffer()
      return response.status === status
    })
  }

  /** Until the data plane runs what is published now. */
  async untilApplied(): Promise<void> {
    const published = await this.published.revision()
    await until(async () => {
      const response = await fetch(`${this.dataPlane.statusOrigin}/status/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ node { revision } }' }),
      })
      const { data } = (await response.json()) as { data: { node: { revision: number } } }
      return data.node.revision >= published
    })
  }

  get #api(): AdminApi {
    return apiOf(this.controlPlane, this.#stores)
  }
}

function apiOf({ url }: ControlPlane, { adminToken }: Stores): AdminApi {
  return new AdminApi(`${url}/graphql`, adminToken)
}

async function createPlace(api: AdminApi, organizationId: string): Promise<MeasuredPlace> {
  const provider = { name: 'bench', baseUrl: 'http://127.0.0.1:9/v1', allowPrivateNetwork: true }
  const providerId = await api.create('createProvider', 'Provider', provider)
  await api.create('addProviderKey', 'ProviderKey', { providerId, name: 'bench', secret: 'sk-upstream' })
  await api.create('createModel', 'Model', { providerId, name: 'gpt-4o-mini', maxOutputTokens: 4096 })
  const workspaceId = await api.create('createWorkspace', 'Workspace', { name: 'Bench' })
  const teamId = await api.create('createTeam', 'Team', { workspaceId, name: 'Measured' })
  return { organizationId, workspaceId, providerId, teamId }
}
