import type { Static } from 'typebox'
import type { entrySchemas } from '../../contract/configuration-file/schema.ts'
import { expandPermissions } from '../modules/roles/permissions.ts'
import { modeMember, wantedWindow, windowMember } from './budget-windows.ts'
import type { ItemKind, Reference, WantedItem } from './items.ts'
import { checkedEntries, given, inNormalOrder, type Refuse, usdAmount } from './normal-forms.ts'
import { wantedProfileLimits } from './request-limits.ts'

type Entry<List extends keyof typeof entrySchemas> = Static<(typeof entrySchemas)[List]>
type FileProvider = NonNullable<Entry<'virtualKeys'>['providers']>[number]

export function wantedRole(entry: Entry<'roles'>, path: string, refuse: Refuse): WantedItem {
  const { name, description, permissions, inherits, workspaces, rowScope, accessProfile } = entry
  const expanded =
    permissions && checkedEntries(permissions, { field: 'permissions', path }, expandPermissions, refuse)
  const named = (kind: ItemKind, field: string, names: readonly string[] = []): Reference[] =>
    names.map((one, index) => ({ kind, name: [one], path: `${path}/${field}/${index}` }))
  return {
    kind: 'role',
    name: [name],
    path,
    fields: given({
      description,
      permissions: expanded,
      inherits: inherits && distinct(inherits),
      workspaces: workspaces && distinct(workspaces),
      rowScope,
      accessProfile,
    }),
    references: [
      ...named('role', 'inherits', inherits),
      ...named('workspace', 'workspaces', workspaces ?? []),
      ...profileReference(accessProfile, path),
    ],
  }
}

export function wantedProfile(entry: Entry<'accessProfiles'>, path: string, refuse: Refuse): WantedItem {
  const { name, providers, budgets, requestLimits, ...terms } = entry
  return {
    kind: 'access_profile',
    name: [name],
    path,
    fields: given({
      ...terms,
      providers: providers && wantedProviders(providers),
      budgets:
        budgets &&
        inNormalOrder(
          budgets.map(({ limitUsd, period, window, mode }, index) => ({
            limitUsd: usdAmount(limitUsd, `${path}/budgets/${index}/limitUsd`, refuse),
            period,
            ...windowMember(wantedWindow(window, `${path}/budgets/${index}`, refuse)),
            ...modeMember(mode),
          })),
        ),
      requestLimits:
        requestLimits && inNormalOrder(wantedProfileLimits(requestLimits, `${path}/requestLimits`, refuse)),
    }),
    references: providerReferences(providers ?? [], path),
  }
}

/** What a key or a profile may do with each provider, all of it said. */
export function wantedProviders(providers: readonly FileProvider[]) {
  return providers
    .map((config) => ({
      provider: config.provider,
      weight: config.weight === undefined ? 1 : config.weight,
      models: config.models ?? [],
      blockedModels: config.blockedModels ?? [],
      keys: config.keys ?? ['*'],
      active: config.active ?? true,
    }))
    .toSorted((a, b) => (a.provider < b.provider ? -1 : 1))
}

export function providerReferences(providers: readonly FileProvider[], path: string): Reference[] {
  return providers.flatMap(({ provider, keys = [] }, index): Reference[] => {
    const place = `${path}/providers/${index}`
    const named = keys.map((key, at): Reference => {
      return { kind: 'provider_key', name: [provider, key], path: `${place}/keys/${at}` }
    })
    return [
      { kind: 'provider', name: [provider], path: `${place}/provider` },
      ...named.filter(({ name }) => name[1] !== '*'),
    ]
  })
}

/** What a key that follows an access profile cannot say itself. */
const managedFields = ['allowAllProviders', 'contentLogging', 'expiresAt', 'deleteAfterExpiry'] as const
/** What such a key can say of a provider that its profile has. */
const ownFields: ReadonlySet<string> = new Set(['provider', 'budgets', 'requestLimits'])

export function refuseManaged(entry: Entry<'virtualKeys'>, path: string, refuse: Refuse): void {
  const managed = managedFields.filter((field) => entry[field] !== undefined).map((field) => `/${field}`)
  const ofProviders = (entry.providers ?? []).flatMap((config, index) =>
    Object.keys(config)
      .filter((field) => !ownFields.has(field))
      .map((field) => `/providers/${index}/${field}`),
  )
  for (const place of [...managed, ...ofProviders]) {
    refuse(path + place, `the access profile "${entry.accessProfile}" decides it: leave it out`)
  }
}

export function profileReference(profile: string | null | undefined, path: string): Reference[] {
  return profile == null ? [] : [{ kind: 'access_profile', name: [profile], path: `${path}/accessProfile` }]
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}
