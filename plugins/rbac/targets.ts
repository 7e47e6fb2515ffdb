import { Denied } from 'gatehouse/plugin-sdk'
import type { CompiledModel, ProviderGrant, Target } from 'gatehouse/plugin-sdk/builtin'

/**
 * Where a key may send a call for `requested`: `provider/model` pins the provider when the key has one of that name,
 * any other slash belongs to the model's own name.
 *
 * @throws Denied `provider_blocked` or `model_blocked`; `user_not_authorized` when the key may and its owner may not
 */
export function findTargets(grants: readonly ProviderGrant[], requested: string): readonly Target[] {
  const slash = requested.indexOf('/')
  const prefix = slash > 0 ? requested.slice(0, slash) : undefined
  const pinned = prefix === undefined ? [] : grants.filter((grant) => grant.provider.name === prefix)
  const model = pinned.length > 0 ? requested.slice(slash + 1) : requested
  const candidates = pinned.length > 0 ? pinned : grants
  if (candidates.length === 0) throw new Denied('provider_blocked', 'The virtual key may use no provider')

  const allowed = candidates.filter((grant) => grant.allowsModel(model))
  if (allowed.length === 0) throw blockedModel(requested, prefix, pinned.length > 0)
  const permitted = allowed.filter((grant) => grant.ownerMayUse(model))
  if (permitted.length === 0) throw new Denied('user_not_authorized', undefined, { param: 'model' })
  const usable = permitted.filter(
    (grant) =>
      grant.heldBack === null && grant.active && grant.provider.active && grant.providerKeys.length > 0,
  )
  if (usable.length === 0) throw unusableProvider(permitted)
  return knownFirst(usable, model)
}

/** Only the providers whose catalogue has the model, if any has; a catalogue is never complete. */
function knownFirst(grants: readonly ProviderGrant[], model: string): readonly Target[] {
  const known: Target[] = []
  for (const grant of grants) {
    const listed = grant.provider.model(model)
    if (listed) known.push({ grant, model: listed })
  }
  if (known.length > 0) return known
  // The model may be one that cannot be read, with a restriction that nobody here would see.
  const open = grants.filter((grant) => grant.provider.unlistedHeldBack === null)
  if (open.length === 0) throw heldBack(grants[0]?.provider.unlistedHeldBack)
  return open.map((grant) => ({ grant, model: unlistedModel(model) }))
}

function heldBack(reason: string | null | undefined): Denied {
  return new Denied('config_unavailable', reason ?? undefined, { param: 'model' })
}

/** A model that a key's `*` allows and the catalogue does not know: without a price. */
function unlistedModel(name: string): CompiledModel {
  return { id: name, name, upstreamName: name, maxOutputTokens: null, pricesAt: () => null }
}

function blockedModel(requested: string, prefix: string | undefined, isPinned: boolean): Denied {
  if (prefix !== undefined && !isPinned) {
    return new Denied(
      'provider_blocked',
      `The virtual key may not use "${prefix}" as a provider, nor a model "${requested}"`,
      {
        param: 'model',
      },
    )
  }
  return new Denied('model_blocked', `The virtual key may not use the model "${requested}"`, {
    param: 'model',
  })
}

function unusableProvider(grants: readonly ProviderGrant[]): Denied {
  const unread = grants.find((grant) => grant.active && grant.heldBack !== null)
  if (unread) return heldBack(unread.heldBack)
  const names = grants.map((grant) => `"${grant.provider.name}"`).join(', ')
  const switchedOn = grants.filter((grant) => grant.active)
  const message =
    switchedOn.length === 0
      ? `The provider ${names} is switched off for the virtual key`
      : switchedOn.some((grant) => grant.provider.active)
        ? `The virtual key may use no provider key of ${names}`
        : `The provider ${names} is not active`
  return new Denied('provider_blocked', message, { param: 'model' })
}
