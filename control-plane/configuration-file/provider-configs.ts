import type { NamedIds } from './names.ts'

/** What a key or a profile may do with one provider, by names. */
export interface FileProvider {
  readonly provider: string
  readonly weight: number | null
  readonly models: readonly string[]
  readonly blockedModels: readonly string[]
  readonly keys: readonly string[]
  readonly active: boolean
}

export function providerConfigs(ids: NamedIds, providers: readonly FileProvider[]) {
  return providers.map(({ provider: name, weight, active, models, blockedModels, keys }) => ({
    providerId: ids.of('provider', [name]),
    weight,
    active,
    allowedModels: models,
    blockedModels,
    providerKeyIds: keys.map((key) => (key === '*' ? '*' : ids.of('provider_key', [name, key]))),
  }))
}
