import { Denied, slot } from 'gatehouse/plugin-sdk'
import type {
  BuiltinCall,
  BuiltinHost,
  CallSlot,
  CompiledProviderKey,
  ProviderGrant,
} from 'gatehouse/plugin-sdk/builtin'

/** The call's place among those with its provider key, until it ends. */
export const providerKeySlot = slot<CallSlot>('provider.key-slot')

/**
 * Draws a provider key by weight, whose secret is here and with which no more calls are under way than may be, and notes it
 * on the call. Answers its secret.
 *
 * @throws Denied
 */
export function chooseSecret(
  call: BuiltinCall,
  { provider, providerKeys }: ProviderGrant,
  host: BuiltinHost,
): string | Promise<string> {
  const choose = (
    keys: readonly CompiledProviderKey[],
    full?: CompiledProviderKey,
  ): string | Promise<string> => {
    const chosen = drawUsableKey(keys, host)
    const secret = chosen && host.credential(chosen.credentialId)
    if (!chosen || secret === undefined) {
      throw full?.concurrency ? allBusy(provider.name, full.concurrency.max) : secretMissing(provider.name)
    }
    const use = (place?: CallSlot) => {
      call.providerKeyId = chosen.id
      if (place) call.set(providerKeySlot, place)
      return secret
    }
    if (!chosen.concurrency) return use()
    const onEntered = (place: CallSlot | undefined) =>
      place
        ? use(place)
        : choose(
            keys.filter((key) => key !== chosen),
            chosen,
          )
    const place = host.concurrency.enter(chosen.concurrency)
    return place instanceof Promise ? place.then(onEntered) : onEntered(place)
  }
  return choose(providerKeys)
}

function allBusy(provider: string, max: number): Denied {
  return new Denied(
    'concurrency_limited',
    `As many calls are under way with each usable key of "${provider}" as may be at once`,
    { scope: 'provider_key', limit: max, retryAfterSeconds: 1 },
  )
}

function secretMissing(provider: string): Denied {
  return new Denied(
    'config_unavailable',
    `This data plane has not received the credentials of "${provider}" yet`,
    { retryAfterSeconds: 1 },
  )
}

function drawUsableKey(
  keys: readonly CompiledProviderKey[],
  host: BuiltinHost,
): CompiledProviderKey | undefined {
  const drawn = drawKey(keys, host)
  const here = (key: CompiledProviderKey) => host.credential(key.credentialId) !== undefined
  return drawn && here(drawn) ? drawn : drawKey(keys.filter(here), host)
}

function drawKey(keys: readonly CompiledProviderKey[], host: BuiltinHost): CompiledProviderKey | undefined {
  if (keys.length < 2) return keys[0]
  let left = host.random() * keys.reduce((sum, key) => sum + key.weight, 0)
  for (const key of keys) {
    left -= key.weight
    if (left < 0) return key
  }
  return keys.at(-1)
}
