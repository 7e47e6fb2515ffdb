import type { VirtualKey } from '../../../../contract/configuration/entities.ts'
import { createProvider, createTeam, type Mutation, type Result, type TenantApi } from '../tenant-api.ts'

export const updateKey: Mutation = {
  field: 'updateVirtualKey',
  input: 'UpdateVirtualKeyInput',
  selection: '... on VirtualKey { id name tags description contentLogging expiresAt deleteAfterExpiry }',
}

/** One team, one provider, and keys for them. */
export class KeyApi {
  readonly context: TenantApi
  readonly teamId: string
  readonly providerId: string

  private constructor(context: TenantApi, teamId: string, providerId: string) {
    this.context = context
    this.teamId = teamId
    this.providerId = providerId
  }

  static async start(context: TenantApi): Promise<KeyApi> {
    const { workspaceId } = context.tenant
    const team = await context.mutate(createTeam, { workspaceId, name: 'team' })
    const provider = await context.mutate(createProvider, {
      name: 'demo',
      baseUrl: 'https://example.com/v1',
    })
    return new KeyApi(context, team.id, provider.id)
  }

  config(config: object = {}) {
    return {
      ...{ providerId: this.providerId, weight: 1, allowedModels: ['small'], providerKeyIds: ['*'] },
      ...config,
    }
  }

  newKey(key: object = {}) {
    const { workspaceId } = this.context.tenant
    return {
      ...{ workspaceId, name: 'app', owner: { teamId: this.teamId }, providerConfigs: [this.config()] },
      ...key,
    }
  }

  async issue(key: object = {}): Promise<string> {
    const made = await this.context.mutate(issueKey, this.newKey(key))
    if (made.code !== undefined) throw new Error(made.message)
    return (made as unknown as { virtualKey: Result }).virtualKey.id
  }

  refusal(key: object): Promise<string> {
    return this.context.refusal(issueKey, this.newKey(key))
  }

  /** The key as data planes get it. */
  async told(id: string): Promise<VirtualKey | undefined> {
    return (await this.context.configured('virtual_key')).find((key) => key.id === id)
  }
}

const issueKey: Mutation = {
  field: 'issueVirtualKey',
  input: 'IssueVirtualKeyInput',
  selection: '... on IssuedVirtualKey { secret virtualKey { id } }',
}
