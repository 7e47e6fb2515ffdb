import type { User, VirtualKey } from '../../contract/configuration/entities.ts'
import type { CompiledKey, TokenUser } from '../../plugins/sdk/builtin.ts'
import type { EntityIndex } from './entity-index.ts'

/** A key as its own calls use it, or as those of a user who names it beside a token of theirs. */
export type KeyLookup = (key: VirtualKey, caller?: User) => CompiledKey

/** Somebody who calls with a token, and the keys that such calls may use. [C1] */
export function compileTokenUser(user: User, index: EntityIndex, keyOf: KeyLookup): TokenUser {
  const holder = index.get('token_holder', user.id)
  return {
    id: user.id,
    active: user.active,
    notBefore: holder?.notBefore,
    get defaultKey() {
      const key = defaultKeyOf(user, holder?.defaultVirtualKeyId ?? null, index)
      return key && keyOf(key)
    },
    mayUse({ id }) {
      const key = index.get('virtual_key', id)
      if (!key) return undefined
      const { owner } = key
      if (owner.kind === 'user') return owner.id === user.id ? keyOf(key) : undefined
      const isOfTeam =
        owner.kind === 'team' && (owner.id === user.teamId || holder?.teamIds.includes(owner.id) === true)
      return isOfTeam ? keyOf(key, user) : undefined
    },
  }
}

/** The one that was chosen, as long as it is the user's; where none was, the only one that they own and that was not revoked. */
function defaultKeyOf(user: User, chosenId: string | null, index: EntityIndex): VirtualKey | undefined {
  const own = index.partsOf('virtual_key', `user/${user.id}`)
  if (chosenId !== null) return own.find(({ id }) => id === chosenId)
  const [only, ...others] = own.filter(({ status }) => status !== 'revoked')
  return others.length === 0 ? only : undefined
}
