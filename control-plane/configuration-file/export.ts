import type { Json } from '../../contract/canonical.ts'
import type { Actor } from '../actor.ts'
import { Forbidden } from '../graphql/errors.ts'
import { type ServiceContext, transactionOf } from '../service-context.ts'
import { type ItemKind, type ItemName, itemKey, type OwnerKind, type PresentItem } from './items.ts'
import { withoutNull } from './normal-forms.ts'
import { readPresentConfiguration } from './present-items.ts'
import { restricts } from './user-access.ts'

export interface ExportedConfiguration {
  readonly document: Json
  /** What a file cannot hold. */
  readonly warnings: readonly string[]
}

type Fields = Record<string, Json>

/** The whole configuration as a file that changes nothing when it is applied. */
export async function exportConfiguration(
  context: ServiceContext,
  actor: Actor,
): Promise<ExportedConfiguration> {
  actor.require('configuration:export', { workspaceId: null })
  if (actor.rowScope !== 'all') throw new Forbidden('configuration:export', 'Your role sees only some rows')
  const { items } = await transactionOf(context, actor, (em) =>
    readPresentConfiguration(em, context, actor.organizationId),
  )
  return new FileWriter(items).write()
}

class FileWriter {
  readonly #items: ReadonlyMap<ItemKind, readonly PresentItem[]>
  /** By kind and owner. */
  readonly #policies = new Map<string, PresentItem[]>()
  readonly #namesWorkspaces: boolean
  readonly #warnings: string[] = []
  readonly #roleKeys: PresentItem[] = []

  constructor(items: readonly PresentItem[]) {
    const distinct = new Map<string, PresentItem>()
    for (const item of items) {
      const key = itemKey(item.kind, item.name)
      const name = item.name.join('/')
      if (item.managedBy != null) {
        this.#warnings.push(`The ${item.kind.replace('_', ' ')} "${name}" ${item.managedBy}: left out`)
      } else if (item.managedBy === null) {
        // What every organization has, and what comes along with something else.
        if (item.kind === 'virtual_key') this.#roleKeys.push(item)
      } else if (distinct.has(key)) {
        this.#warnings.push(
          `There are several ${item.kind.replace('_', ' ')}s "${name}": only one is written`,
        )
      } else distinct.set(key, item)
      if (item.owner) {
        const ofOwner = policyKey(item.kind, item.owner.kind, item.owner.name)
        this.#policies.set(ofOwner, [...(this.#policies.get(ofOwner) ?? []), item])
      }
    }
    this.#items = Map.groupBy(distinct.values(), ({ kind }) => kind)
    this.#namesWorkspaces = this.#of('workspace').length > 1
  }

  write(): ExportedConfiguration {
    for (const key of this.#roleKeys) this.#warnOfRoleKey(key)
    const organization = this.#governed('organization', [])
    const [settings] = this.#of('client_configuration')
    const document = {
      version: 1,
      ...(Object.keys(organization).length > 0 && { organization }),
      workspaces: this.#of('workspace').map(({ name }) => ({ name: name[0] ?? '' })),
      customers: this.#each('customer', ({ name }) => ({ name: name[1] ?? '', ...this.#place(name) })),
      businessUnits: this.#each('business_unit', ({ name }) => ({
        name: name[2] ?? '',
        customer: name[1] ?? '',
        ...this.#place(name),
      })),
      teams: this.#each('team', ({ name, fields }) => ({
        name: name[1] ?? '',
        ...this.#place(name),
        ...withoutNull(fields),
      })),
      users: this.#each('user', ({ fields }) => this.#user(fields)),
      providers: this.#each('provider', (provider) => this.#provider(provider)),
      accessProfiles: this.#of('access_profile').map(({ name, fields }) => ({
        name: name[0] ?? '',
        ...withoutNull(fields),
      })),
      roles: this.#of('role').map(({ name, fields }) => ({ name: name[0] ?? '', ...withoutNull(fields) })),
      virtualKeys: this.#each('virtual_key', (key) => this.#virtualKey(key)),
      memberships: this.#of('membership').map((membership) => this.#membership(membership)),
      roleAssignments: this.#of('role_assignment').map((assignment) => this.#assignment(assignment)),
      ...(settings && { clientConfiguration: nested(settings.fields) }),
      plugins: this.#of('plugin').map(({ name, fields }) => ({
        name: name[0] ?? '',
        ...withoutNull(fields),
      })),
    }
    return { document: withoutEmptyLists(document), warnings: this.#warnings }
  }

  #of(kind: ItemKind): readonly PresentItem[] {
    return this.#items.get(kind) ?? []
  }

  #each(kind: ItemKind, write: (item: PresentItem) => Fields): Fields[] {
    return this.#of(kind).map((item) => ({ ...write(item), ...this.#governed(kind, item.name) }))
  }

  #governed(kind: OwnerKind, name: ItemName): Fields {
    const budgets = (this.#policies.get(policyKey('budget', kind, name)) ?? []).map((budget) => ({
      ...withoutNull(budget.fields),
      period: budget.name.at(-1) ?? '',
    }))
    const requestLimits = (this.#policies.get(policyKey('request_limit', kind, name)) ?? []).map((limit) => ({
      ...withoutNull(limit.fields),
      windowSeconds: Number(limit.name.at(-1)),
    }))
    return { ...(budgets.length > 0 && { budgets }), ...(requestLimits.length > 0 && { requestLimits }) }
  }

  #place([workspace = '']: ItemName): Fields {
    return this.#namesWorkspaces ? { workspace } : {}
  }

  #user({ name, email, team, active, ...lists }: PresentItem['fields']): Fields {
    const place = team as { readonly workspace: string; readonly name: string } | null
    return {
      name: name ?? '',
      ...(email !== null && { email: email ?? '' }),
      ...(place && { team: place.name, ...this.#place([place.workspace]) }),
      active: active ?? true,
      ...(restricts(lists) && nested(lists)),
    }
  }

  #provider({ name, fields }: PresentItem): Fields {
    const [providerName = ''] = name
    const ofProvider = (item: PresentItem) => item.name[0] === providerName
    const keys = this.#of('provider_key').filter(ofProvider)
    const models = this.#of('model').filter(ofProvider)
    return {
      name: providerName,
      ...fields,
      keys: keys.map((key) => ({
        name: key.name[1] ?? '',
        secret: secretVariable(key.name),
        ...withoutNull(key.fields),
      })),
      models: models.map((model) => ({ name: model.name[1] ?? '', ...withoutNull(model.fields) })),
    }
  }

  #virtualKey({ name, fields }: PresentItem): Fields {
    if (fields.accessProfile !== null) return this.#follower(name, fields)
    const providers = fields.providers as (Fields & { provider: string })[]
    return {
      name: name[1] ?? '',
      ...this.#place(name),
      ...withoutNull(fields),
      providers: providers.map((config) => ({
        ...config,
        ...this.#governed('provider_config', [...name, config.provider]),
      })),
    }
  }

  /** What its profile decides is the profile's. */
  #follower(name: ItemName, fields: PresentItem['fields']): Fields {
    const { description, tags, active, owner, accessProfile, maxConcurrentCalls } = fields
    const own = { description, tags, active, owner, accessProfile, maxConcurrentCalls } as Fields
    const providers = (fields.providers as { provider: string }[]).flatMap(({ provider }) => {
      const governed = this.#governed('provider_config', [...name, provider])
      return Object.keys(governed).length === 0 ? [] : { provider, ...governed }
    })
    return {
      name: name[1] ?? '',
      ...this.#place(name),
      ...withoutNull(own),
      ...(providers.length > 0 && { providers }),
    }
  }

  #membership({ name: [user = '', kind = '', ...group] }: PresentItem): Fields {
    return { user, ...placeNames(kind, group), ...this.#place(group) }
  }

  #assignment({ name, fields, keyWorkspace }: PresentItem): Fields {
    const [user = '', role = '', kind, ...object] = name
    const isInWorkspace = kind !== undefined && kind !== 'provider'
    return {
      user,
      role,
      ...(kind !== undefined && { object: placeNames(kind, object) }),
      ...withoutNull(fields),
      ...(isInWorkspace && this.#place(object)),
      ...(keyWorkspace !== undefined && this.#place([keyWorkspace])),
    }
  }

  /** A key that came with a role is not written: the role brings one along, as its profile says. */
  #warnOfRoleKey({ kind, name }: PresentItem): void {
    const owners: [OwnerKind, ItemName][] = [[kind, name]]
    for (const { owner } of [...this.#policies.values()].flat()) {
      if (
        owner?.kind === 'provider_config' &&
        itemKey(kind, owner.name.slice(0, 2)) === itemKey(kind, name)
      ) {
        owners.push([owner.kind, owner.name])
      }
    }
    if (owners.every(([owner, of]) => Object.keys(this.#governed(owner, of)).length === 0)) return
    this.#warnings.push(
      `The virtual key "${name.join('/')}" came with a role and has budgets or limits of its own: they are left out`,
    )
  }
}

/** As a file names a thing of a workspace, or a provider. */
function placeNames(kind: string, name: ItemName): Fields {
  const own = name.at(-1) ?? ''
  if (kind === 'business_unit') return { customer: name[1] ?? '', businessUnit: own }
  return { [kind === 'virtual_key' ? 'virtualKey' : kind]: own }
}

function policyKey(kind: ItemKind, ownerKind: OwnerKind, ownerName: ItemName): string {
  return itemKey(kind, [ownerKind, ...ownerName])
}

/** A secret is never written; the file names a variable that is to hold it elsewhere. */
function secretVariable(name: ItemName): string {
  return `$${name
    .join('_')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')}_SECRET`
}

/** What is not known or not set is left out. */
function withoutEmptyLists(document: Fields): Fields {
  const kept = Object.entries(document).filter(([, value]) => !Array.isArray(value) || value.length > 0)
  return Object.fromEntries(kept)
}

/** `headerFilter.denylist` is a member of a member. */
function nested(fields: Readonly<Record<string, Json>>): Fields {
  const result: Fields = {}
  for (const [field, value] of Object.entries(fields)) {
    const [outer = '', inner] = field.split('.')
    if (inner === undefined) result[outer] = value
    else result[outer] = { ...(result[outer] as Fields | undefined), [inner]: value }
  }
  return result
}
