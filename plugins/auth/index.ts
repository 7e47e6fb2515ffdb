import { Denied, Type } from 'gatehouse/plugin-sdk'
import {
  type BuiltinCall,
  type BuiltinHost,
  type CompiledKey,
  defineBuiltin,
  readCredentials,
} from 'gatehouse/plugin-sdk/builtin'
import { userOf } from './token-user.ts'

/**
 * Finds out whose call this is, before any state of a limit or budget is read: by its virtual key, or by the access token
 * of a user. Of what is presented everything has to be good; nothing falls back to another credential. [S3-07]
 */
export default defineBuiltin({
  name: 'auth',
  config: Type.Object({}, { additionalProperties: false }),

  setup(_config, host) {
    return {
      onCall(call) {
        const { secret, token } = readCredentials(call.rawHeaders)
        if (token !== undefined) {
          const verified = host.tokens.verify(token, call.configuration)
          if (!(verified instanceof Promise)) admitUser(call, host, verified, secret)
          else return verified.then((sooner) => admitUser(call, host, sooner, secret))
          return
        }
        if (secret === undefined) throw new Denied('virtual_key_required')
        const { key, digest } = findKey(call, host, secret)
        // Set before the key's state is judged: the record of a refused call names the key.
        call.key = key
        refuseUnusable(call, key, digest, host)
      },
    }
  },
})

type Verified = Awaited<ReturnType<BuiltinHost['tokens']['verify']>>

/** Charged is the key that the call names or the user's default one, and the user. [C1] */
function admitUser(call: BuiltinCall, host: BuiltinHost, token: Verified, secret: string | undefined): void {
  const user = userOf(token, call.configuration)
  if (secret === undefined) {
    const key = user.defaultKey
    if (!key) {
      throw new Denied(
        'virtual_key_required',
        'You have no virtual key of your own, or several and no default one: choose one with setDefaultVirtualKey, or send one in x-bf-vk beside the token',
      )
    }
    call.key = key
    refuseUnusable(call, key, undefined, host)
    return
  }
  const { key: named, digest } = findKey(call, host, secret)
  const key = user.mayUse(named)
  if (!key) {
    throw new Denied('user_not_authorized', 'The virtual key is neither yours nor of one of your teams')
  }
  call.key = key
  refuseUnusable(call, key, digest, host)
}

function findKey(call: BuiltinCall, host: BuiltinHost, secret: string) {
  const digest = host.digest(secret)
  const key = call.configuration.keyByDigest(digest)
  if (!key) throw new Denied('virtual_key_not_found')
  return { key, digest }
}

function refuseUnusable(
  { configuration }: BuiltinCall,
  key: CompiledKey,
  digest: string | undefined,
  host: BuiltinHost,
): void {
  if (key.status === 'revoked' || configuration.isRevoked(key.id)) {
    throw new Denied('virtual_key_blocked', 'The virtual key was revoked')
  }
  if (key.heldBack !== null) throw new Denied('config_unavailable', key.heldBack)
  const { userId } = key.principal
  if (key.status === 'inactive' || (userId !== null && configuration.isRevoked(userId))) {
    throw new Denied('virtual_key_blocked', 'The virtual key is inactive')
  }
  if (hasPassed(key.expiresAt, host)) {
    throw new Denied('virtual_key_blocked', `The virtual key has expired at ${isoTime(key.expiresAt)}`)
  }
  if (digest !== undefined && hasPassed(key.secretExpiresAt(digest), host)) {
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
