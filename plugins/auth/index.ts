import { Denied, Type } from 'gatehouse/plugin-sdk'
import {
  type BuiltinCall,
  type BuiltinHost,
  type CompiledKey,
  defineBuiltin,
  readCredential,
} from 'gatehouse/plugin-sdk/builtin'

/** Finds out whose call this is, before any state of a limit or budget is read. */
export default defineBuiltin({
  name: 'auth',
  config: Type.Object({}, { additionalProperties: false }),

  setup(_config, host) {
    return {
      onCall(call) {
        const secret = readCredential(call.rawHeaders)
        if (secret === undefined) throw new Denied('virtual_key_required')
        const digest = host.digest(secret)
        const key = call.configuration.keyByDigest(digest)
        if (!key) throw new Denied('virtual_key_not_found')
        // Set before the key's state is judged: the record of a refused call names the key.
        call.key = key
        refuseUnusable(call, key, digest, host)
      },
    }
  },
})

function refuseUnusable(call: BuiltinCall, key: CompiledKey, digest: string, host: BuiltinHost): void {
  if (key.status === 'revoked' || call.configuration.isRevoked(key.id)) {
    throw new Denied('virtual_key_blocked', 'The virtual key was revoked')
  }
  if (key.heldBack !== null) throw new Denied('config_unavailable', key.heldBack)
  if (key.status === 'inactive') throw new Denied('virtual_key_blocked', 'The virtual key is inactive')
  if (hasPassed(key.expiresAt, host)) {
    throw new Denied('virtual_key_blocked', `The virtual key has expired at ${isoTime(key.expiresAt)}`)
  }
  if (hasPassed(key.secretExpiresAt(digest), host)) {
    throw new Denied(
      'virtual_key_blocked',
      'This secret of the virtual key was rotated out: use the one that replaced it',
    )
  }
  const stale = key.requireFreshMs === null ? undefined : host.staleness(key.requireFreshMs)
  if (stale) throw stale
}

function hasPassed(time: number | null, host: BuiltinHost): boolean {
  return time !== null && time <= host.now()
}

function isoTime(time: number | null): string {
  return new Date(time ?? 0).toISOString()
}
