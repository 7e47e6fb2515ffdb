import type { Static } from 'typebox'
import type { entrySchemas } from '../../contract/configuration-file/schema.ts'
import type { ItemKind, ItemName, Reference, WantedItem } from './items.ts'
import { given, instant, type Refuse } from './normal-forms.ts'

type Entry<List extends keyof typeof entrySchemas> = Static<(typeof entrySchemas)[List]>
/** Finds the workspace of an entry, which may leave it out where there is only one. */
type WorkspaceOf = () => string

type Place = { readonly kind: ItemKind; readonly name: ItemName; readonly field: string }

export function wantedMembership(
  { user, ...place }: Entry<'memberships'>,
  path: string,
  workspaceOf: WorkspaceOf,
  refuse: Refuse,
): WantedItem[] {
  const { workspace: _workspace, ...names } = place
  const group = placeOf(names, workspaceOf)
  if (!group) {
    refuse(path, 'needs "team", or "businessUnit" with "customer"')
    return []
  }
  return [
    {
      kind: 'membership',
      name: [user, group.kind, ...group.name],
      path,
      fields: {},
      references: [userReference(user, path), ...referencesTo(group, path)],
    },
  ]
}

export function wantedAssignment(
  { user, role, object, expiresAt, workspace }: Entry<'roleAssignments'>,
  path: string,
  workspaceOf: WorkspaceOf,
  refuse: Refuse,
): WantedItem[] {
  const place = object && placeOf(object, workspaceOf)
  if (object && !place) {
    refuse(
      `${path}/object`,
      'must be one thing: a business unit has "customer" too, nothing else has two names',
    )
    return []
  }
  return [
    {
      kind: 'role_assignment',
      name: [user, role, ...(place ? [place.kind, ...place.name] : [])],
      path,
      fields: given({ expiresAt: expiresAt && instant(expiresAt, `${path}/expiresAt`, refuse) }),
      references: [
        userReference(user, path),
        { kind: 'role', name: [role], path: `${path}/role` },
        ...(place ? referencesTo(place, `${path}/object`) : []),
      ],
      ...(workspace !== undefined && !place && { keyWorkspace: workspaceOf() }),
    },
  ]
}

interface PlaceNames {
  readonly customer?: string
  readonly businessUnit?: string
  readonly team?: string
  readonly virtualKey?: string
  readonly provider?: string
}

/** What one name alone names; a business unit has two. */
const kindByField: Readonly<Record<string, ItemKind>> = {
  customer: 'customer',
  team: 'team',
  virtualKey: 'virtual_key',
  provider: 'provider',
}

/** @returns undefined for none and for several. */
function placeOf(names: PlaceNames, workspaceOf: WorkspaceOf): Place | undefined {
  const fields = Object.keys(names)
  const { customer, businessUnit } = names
  if (businessUnit !== undefined) {
    if (customer === undefined || fields.length !== 2) return undefined
    return { kind: 'business_unit', name: [workspaceOf(), customer, businessUnit], field: 'businessUnit' }
  }
  const [[field, name] = ['', ''], ...more] = Object.entries(names)
  const kind = kindByField[field]
  if (!kind || more.length > 0) return undefined
  return { kind, name: kind === 'provider' ? [name] : [workspaceOf(), name], field }
}

function userReference(user: string, path: string): Reference {
  return { kind: 'user', name: [user], path: `${path}/user` }
}

function referencesTo({ kind, name, field }: Place, path: string): Reference[] {
  const customer = { kind: 'customer', name: name.slice(0, 2), path: `${path}/customer` } as const
  return [...(kind === 'business_unit' ? [customer] : []), { kind, name, path: `${path}/${field}` }]
}
