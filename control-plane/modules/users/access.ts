import type { UserAccess } from '../../../contract/configuration/entities.ts'
import { isModelPattern } from '../../../contract/model-lists.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { checkPatternedList } from '../../patterned-list.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { checkProviderName } from '../providers/index.ts'
import { type User, UserEntity } from './entity.ts'
import { accessOf, userSnapshot } from './snapshot.ts'

/** What is left out stays. */
export type SetUserAccess = ExpectedVersion & { readonly userId: string } & {
  readonly [List in keyof UserAccess]?: readonly string[] | null | undefined
}

/** Of a user whom nobody has restricted: their keys may whatever keys may. */
export const openAccess: UserAccess = {
  allowedModels: ['*'],
  deniedModels: [],
  allowedProviders: ['*'],
  deniedProviders: [],
}

const checks: Readonly<Record<keyof UserAccess, (field: string, entries: readonly string[]) => string[]>> = {
  allowedModels: checkPatternedList,
  deniedModels: checkPatternedList,
  allowedProviders: checkProviderList,
  deniedProviders: checkProviderList,
}
export const accessLists = Object.keys(checks) as readonly (keyof UserAccess)[]

/**
 * Restricts what the keys of a user may ask for, those that there are and those to come. [S0-24]
 *
 * @throws NotFound, StaleUpdate
 */
export function setUserAccess(context: ServiceContext, actor: Actor, input: SetUserAccess): Promise<User> {
  actor.require('users:update', { workspaceId: null })
  const lists = checkLists(input)
  return transactionOf(context, actor, async (em) => {
    const user = await lockRow(em, UserEntity, 'user', input.userId, input)
    const before = accessOf(user)
    Object.assign(user, lists)
    const details = { name: user.name, before, after: accessOf(user) }
    const entry = { type: 'user.access_changed', subject: { kind: 'user', id: user.id }, details }
    await recordChange(context, em, actor, entry, { upserts: [userSnapshot(user)] })
    return user
  })
}

/** @throws BadUserInput */
export function checkAccessList(list: keyof UserAccess, field: string, entries: readonly string[]): string[] {
  return checks[list](field, entries)
}

function checkLists(input: SetUserAccess): Partial<UserAccess> {
  return Object.fromEntries(
    accessLists.flatMap((list) => {
      const entries = input[list]
      return entries == null ? [] : [[list, checkAccessList(list, list, entries)]]
    }),
  )
}

/** A name that no provider can have would deny nothing. */
function checkProviderList(field: string, entries: readonly string[]): string[] {
  for (const entry of checkPatternedList(field, entries)) {
    if (entry !== '*' && !isModelPattern(entry)) checkProviderName(field, entry)
  }
  return [...entries]
}
