import { canonicalJson, type Json } from '../../contract/canonical.ts'
import type { UserAccess } from '../../contract/configuration/entities.ts'
import { accessLists, checkAccessList, openAccess } from '../modules/users/access.ts'
import { checkedEntries, given, type Refuse } from './normal-forms.ts'

/*
 * What the keys of a user may ask for: one field for each list, so that a list which a file leaves out stays.
 */

type Lists = { readonly [List in keyof UserAccess]?: readonly string[] | undefined }

const fieldOf = (list: keyof UserAccess) => `access.${list}`

export function accessFields(access: Lists): Readonly<Record<string, Json>> {
  return given(Object.fromEntries(accessLists.map((list) => [fieldOf(list), access[list]])))
}

/** The lists of a file, checked. @param path of the user. */
export function wantedAccess(access: Lists, path: string, refuse: Refuse): Readonly<Record<string, Json>> {
  const checked = (list: keyof UserAccess, entries: readonly string[]) =>
    checkedEntries(
      entries,
      { field: fieldOf(list), path },
      (field, given) => checkAccessList(list, field, given),
      refuse,
    )
  return accessFields(
    Object.fromEntries(
      accessLists.map((list) => [list, access[list] && checked(list, access[list])]),
    ) as Lists,
  )
}

/** Whether they say more than that of a user whom nobody has restricted. */
export function restricts(fields: Readonly<Record<string, Json>>): boolean {
  return canonicalJson(fields) !== canonicalJson(accessFields(openAccess))
}

/** The lists among the fields of a user; undefined where there are none. */
export function accessInput(fields: Readonly<Record<string, Json>>): Lists | undefined {
  const lists = accessLists.filter((list) => fields[fieldOf(list)] !== undefined)
  if (lists.length === 0) return undefined
  return Object.fromEntries(lists.map((list) => [list, fields[fieldOf(list)]])) as Lists
}
