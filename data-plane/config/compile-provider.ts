import type { Model, Provider } from '../../contract/configuration/entities.ts'
import type { HeldBackOf } from '../../contract/configuration/held-back.ts'
import { pricesAt } from '../../contract/effective-prices.ts'
import type { CompiledModel, CompiledProvider } from '../../plugins/sdk/builtin.ts'

/** A provider with its models by name, and those of them that cannot be read whole. */
export function compileProvider(
  provider: Provider,
  models: readonly Model[],
  [unread]: readonly HeldBackOf<'model'>[],
): CompiledProvider {
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
    whenCallerLeaves: provider.whenCallerLeaves ?? 'drain_capped',
    heldBack: null,
    unlistedHeldBack: unread?.heldBack ?? null,
    model: (name: string) => byName.get(name),
    models: Object.freeze(compiled),
  })
}

/** A provider that cannot be read whole: known by its name, so that nothing that is meant for it goes elsewhere. */
export function compileHeldBackProvider({ id, name, heldBack }: HeldBackOf<'provider'>): CompiledProvider {
  return Object.freeze({
    id,
    name,
    active: false,
    baseUrl: '',
    origin: '',
    allowPrivateNetwork: false,
    connectTimeoutMs: 0,
    idleTimeoutMs: 0,
    whenCallerLeaves: 'abort',
    heldBack,
    unlistedHeldBack: heldBack,
    model: () => undefined,
    models: Object.freeze([]),
  })
}

function compileModel({
  id,
  name,
  upstreamName,
  maxOutputTokens,
  prices,
  scheduledPrices,
}: Model): CompiledModel {
  const schedule = { prices, scheduledPrices }
  return Object.freeze({
    ...{ id, name, upstreamName, maxOutputTokens },
    pricesAt: (at: number) => pricesAt(schedule, at),
  })
}
