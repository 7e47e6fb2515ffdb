import type { Static } from 'typebox'
import type { Json } from '../../contract/canonical.ts'
import type { FileBudget, FileRequestLimit } from '../../contract/configuration-file/parts.ts'
import type { FileProblem } from '../../contract/configuration-file/problems.ts'
import type { ConfigurationFile, entrySchemas } from '../../contract/configuration-file/schema.ts'
import { wantedBudget } from './budget-windows.ts'
import type { ItemKind, ItemName, OwnerKind, Reference, WantedItem } from './items.ts'
import { itemKey } from './items.ts'
import { clientSettings, given, instant, type Refuse } from './normal-forms.ts'
import { wantedPrices } from './prices.ts'
import { wantedLimit } from './request-limits.ts'
import { wantedAccess } from './user-access.ts'
import { wantedAssignment, wantedMembership } from './wanted-people.ts'
import {
  profileReference,
  providerReferences,
  refuseManaged,
  wantedProfile,
  wantedProviders,
  wantedRole,
} from './wanted-roles.ts'

type Entry<List extends keyof typeof entrySchemas> = Static<(typeof entrySchemas)[List]>

interface Governed {
  readonly budgets?: readonly FileBudget[]
  readonly requestLimits?: readonly FileRequestLimit[]
}

export interface WantedConfiguration {
  readonly items: readonly WantedItem[]
  /** Lists that the file has, though they be empty: a kind, or a kind and whose. */
  readonly lists: ReadonlySet<string>
  readonly problems: readonly FileProblem[]
}

/**
 * The things that a file wants, in the order of the file.
 *
 * @param workspaces names of those that there are; with those of the file, one may be left out where it is the only one.
 * @param now Milliseconds since the epoch.
 */
export function wantedConfiguration(
  file: ConfigurationFile,
  workspaces: readonly string[],
  now: number,
): WantedConfiguration {
  const known = new Set([...workspaces, ...(file.workspaces ?? []).map(({ name }) => name)])
  const reader = new FileReader([...known], now)
  reader.read(file)
  const { items, lists, problems } = reader
  return { items: [...items.values()], lists, problems }
}

class FileReader {
  readonly items = new Map<string, WantedItem>()
  readonly lists = new Set<string>()
  readonly problems: FileProblem[] = []
  readonly #workspaces: readonly string[]
  readonly #now: number
  readonly #refuse: Refuse = (path, message) => {
    this.problems.push({ path, message })
  }

  constructor(workspaces: readonly string[], now: number) {
    this.#workspaces = workspaces
    this.#now = now
  }

  read(file: ConfigurationFile): void {
    if (file.organization) this.#govern('organization', [], '/organization', file.organization)
    this.#each(file.workspaces, '/workspaces', 'workspace', ({ name }, path) => {
      this.#put({ kind: 'workspace', name: [name], path, fields: {}, references: [] })
    })
    this.#each(file.customers, '/customers', 'customer', (entry, path) => {
      this.#add('customer', [this.#workspaceOf(entry, path), entry.name], path, {}, entry)
    })
    this.#each(file.businessUnits, '/businessUnits', 'business_unit', (entry, path) =>
      this.#businessUnit(entry, path),
    )
    this.#each(file.teams, '/teams', 'team', (entry, path) => this.#team(entry, path))
    this.#each(file.users, '/users', 'user', (entry, path) => this.#user(entry, path))
    this.#each(file.providers, '/providers', 'provider', (entry, path) => this.#provider(entry, path))
    this.#each(file.accessProfiles, '/accessProfiles', 'access_profile', (entry, path) => {
      this.#put(wantedProfile(entry, path, this.#refuse))
    })
    this.#each(file.roles, '/roles', 'role', (entry, path) => {
      this.#put(wantedRole(entry, path, this.#refuse))
    })
    this.#each(file.virtualKeys, '/virtualKeys', 'virtual_key', (entry, path) =>
      this.#virtualKey(entry, path),
    )
    this.#each(file.memberships, '/memberships', 'membership', (entry, path) => {
      const workspaceOf = () => this.#workspaceOf(entry, path)
      for (const item of wantedMembership(entry, path, workspaceOf, this.#refuse)) this.#put(item)
    })
    this.#each(file.roleAssignments, '/roleAssignments', 'role_assignment', (entry, path) => {
      const workspaceOf = () => this.#workspaceOf(entry, path)
      for (const item of wantedAssignment(entry, path, workspaceOf, this.#refuse)) this.#put(item)
    })
    if (file.clientConfiguration) {
      const path = '/clientConfiguration'
      const fields = clientSettings(file.clientConfiguration, path, this.#refuse)
      this.#put({ kind: 'client_configuration', name: [], path, fields, references: [] })
    }
    this.#each(file.plugins, '/plugins', 'plugin', ({ name, ...settings }, path) => {
      this.#put({ kind: 'plugin', name: [name], path, fields: given(settings), references: [] })
    })
  }

  #each<T>(
    entries: readonly T[] | undefined,
    path: string,
    list: string,
    take: (entry: T, path: string) => void,
  ): void {
    if (entries) this.lists.add(list)
    for (const [index, entry] of (entries ?? []).entries()) take(entry, `${path}/${index}`)
  }

  #businessUnit(entry: Entry<'businessUnits'>, path: string): void {
    const workspace = this.#workspaceOf(entry, path)
    const customer = {
      kind: 'customer',
      name: [workspace, entry.customer],
      path: `${path}/customer`,
    } as const
    this.#add('business_unit', [workspace, entry.customer, entry.name], path, {}, entry, [customer])
  }

  #team(entry: Entry<'teams'>, path: string): void {
    const workspace = this.#workspaceOf(entry, path)
    const { customer, businessUnit } = entry
    const references: Reference[] = []
    if (customer != null) {
      references.push({ kind: 'customer', name: [workspace, customer], path: `${path}/customer` })
    }
    if (businessUnit != null) {
      const place = `${path}/businessUnit`
      if (customer == null) this.#refuse(place, 'needs "customer" too: units of customers may share a name')
      else references.push({ kind: 'business_unit', name: [workspace, customer, businessUnit], path: place })
    }
    const fields = given({ customer, businessUnit })
    this.#add('team', [workspace, entry.name], path, fields, entry, references)
  }

  #user(entry: Entry<'users'>, path: string): void {
    const references: Reference[] = []
    let team: { workspace: string; name: string } | null | undefined = entry.team === null ? null : undefined
    if (entry.team != null) {
      const workspace = this.#workspaceOf(entry, path)
      team = { workspace, name: entry.team }
      references.push({ kind: 'team', name: [workspace, entry.team], path: `${path}/team` })
    }
    const email = entry.email?.toLowerCase()
    const fields = {
      ...given({ name: entry.name, email, team, active: entry.active }),
      ...wantedAccess(entry.access ?? {}, path, this.#refuse),
    }
    this.#add('user', [email ?? entry.name], path, fields, entry, references)
  }

  #provider(entry: Entry<'providers'>, path: string): void {
    const { name, keys, models, catalogue, ...settings } = entry
    this.#put({
      kind: 'provider',
      name: [name],
      path,
      fields: given({ ...settings, baseUrl: settings.baseUrl.replace(/\/+$/, '') }),
      references: [],
      ...(catalogue && { catalogue: 'openai' as const }),
    })
    const provider = [{ kind: 'provider', name: [name], path }] as const
    this.#each(
      keys,
      `${path}/keys`,
      itemKey('provider_key', [name]),
      ({ name: keyName, secret, ...fields }, keyPath) => {
        this.#put({
          kind: 'provider_key',
          name: [name, keyName],
          path: keyPath,
          fields: given(fields),
          references: provider,
          ...(secret !== undefined && { secretName: secret.slice(1) }),
        })
      },
    )
    this.#each(models, `${path}/models`, itemKey('model', [name]), (model, modelPath) => {
      const { name: modelName, ...fields } = model
      const item = { kind: 'model', name: [name, modelName], path: modelPath, references: provider } as const
      const prices = wantedPrices(model, modelPath, this.#now, this.#refuse)
      this.#put({ ...item, fields: given({ ...fields, ...prices }) })
    })
  }

  #virtualKey(entry: Entry<'virtualKeys'>, path: string): void {
    const workspace = this.#workspaceOf(entry, path)
    const name = [workspace, entry.name]
    const follows = entry.accessProfile != null
    if (follows) refuseManaged(entry, path, this.#refuse)
    const references = [
      this.#ownerReference(entry, workspace, path),
      ...profileReference(entry.accessProfile, path),
      ...providerReferences(entry.providers ?? [], path),
    ]
    this.#each(entry.providers, `${path}/providers`, 'provider_config', (config, configPath) => {
      if (!follows && config.models === undefined) this.#refuse(`${configPath}/models`, 'is needed')
      this.#govern('provider_config', [...name, config.provider], configPath, config)
    })
    const { owner, active, priority, expiresAt, secret } = entry
    const { description, tags, deleteAfterExpiry, contentLogging, allowAllProviders, accessProfile } = entry
    const { requireFreshSeconds, maxConcurrentCalls } = entry
    const fields = given({
      owner,
      description,
      tags: tags && [...new Set(tags)].sort(),
      active,
      priority,
      deleteAfterExpiry,
      requireFreshSeconds,
      maxConcurrentCalls,
      contentLogging,
      allowAllProviders,
      accessProfile,
      expiresAt: expiresAt && instant(expiresAt, `${path}/expiresAt`, this.#refuse),
      providers: follows ? undefined : entry.providers && wantedProviders(entry.providers),
    })
    const secretName = secret?.slice(1)
    this.#add('virtual_key', name, path, fields, entry, references, secretName)
  }

  #ownerReference({ owner }: Entry<'virtualKeys'>, workspace: string, path: string): Reference {
    if (owner.customer !== undefined) {
      return { kind: 'customer', name: [workspace, owner.customer], path: `${path}/owner/customer` }
    }
    if (owner.team !== undefined) {
      return { kind: 'team', name: [workspace, owner.team], path: `${path}/owner/team` }
    }
    return { kind: 'user', name: [owner.user ?? ''], path: `${path}/owner/user` }
  }

  #add(
    kind: ItemKind,
    name: ItemName,
    path: string,
    fields: Readonly<Record<string, Json>>,
    governed: Governed,
    references: readonly Reference[] = [],
    secretName?: string,
  ): void {
    const secret = secretName === undefined ? {} : { secretName }
    this.#put({ kind, name, path, fields, references, ...secret })
    this.#govern(kind, name, path, governed)
  }

  #govern(kind: OwnerKind, name: ItemName, path: string, { budgets, requestLimits }: Governed): void {
    const owner = { kind, name }
    const ownerName = [kind, ...name]
    this.#each(budgets, `${path}/budgets`, itemKey('budget', ownerName), (budget, place) => {
      const fields = wantedBudget(budget, place, this.#refuse)
      const name = [...ownerName, budget.period]
      const item = { kind: 'budget', name, owner, path: place } as const
      this.#put({ ...item, fields, references: [] })
    })
    const putLimit = (limit: FileRequestLimit, place: string) =>
      this.#put(wantedLimit(limit, owner, place, this.#refuse))
    this.#each(requestLimits, `${path}/requestLimits`, itemKey('request_limit', ownerName), putLimit)
  }

  #put(item: WantedItem): void {
    const key = itemKey(item.kind, item.name)
    const first = this.items.get(key)
    if (first) this.#refuse(item.path, `is the same ${item.kind.replace('_', ' ')} as ${first.path}`)
    else this.items.set(key, item)
  }

  #workspaceOf({ workspace }: { readonly workspace?: string }, path: string): string {
    const names = this.#workspaces.map((name) => `"${name}"`).join(', ')
    if (workspace === undefined) {
      const [only, ...others] = this.#workspaces
      if (only !== undefined && others.length === 0) return only
      this.#refuse(`${path}/workspace`, `is needed: the organization has the workspaces ${names}`)
      return ''
    }
    if (!this.#workspaces.includes(workspace)) {
      this.#refuse(`${path}/workspace`, `there is no workspace "${workspace}", only ${names}`)
    }
    return workspace
  }
}
