import type { Model, Provider } from '../../contract/configuration/entities.ts'
import type { CompiledModel, CompiledProvider } from '../../plugins/sdk/builtin.ts'

/** A provider with its models by name. */
export function compileProvider(provider: Provider, models: readonly Model[]): CompiledProvider {
  const compiled = models.map(compileModel).sort((a, b) => (a.name < b.name ? -1 : 1))
  const byName = new Map(compiled.map((model) => [model.name, model]))
  const baseUrl = provider.baseUrl.replace(/\/+$/, '')
  return Object.freeze({
    id: provider.id,
    name: provider.name,
    active: provider.active,
    baseUrl,
    origin: new URL(baseUrl).origin,
    allowPrivateNetwork: provider.allowPrivateNetwork,
    connectTimeoutMs: provider.connectTimeoutMs,
    idleTimeoutMs: provider.idleTimeoutMs,
    model: (name: string) => byName.get(name),
    models: Object.freeze(compiled),
  })
}

function compileModel({ id, name, upstreamName, maxOutputTokens, prices }: Model): CompiledModel {
  return Object.freeze({ id, name, upstreamName, maxOutputTokens, prices: prices && Object.freeze(prices) })
}
