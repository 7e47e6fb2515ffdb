import type { TokenIssuer, User, VirtualKey } from '../../contract/configuration/entities.ts'
import type { HeldBackOf } from '../../contract/configuration/held-back.ts'
import { subjectDigest } from '../../contract/subject-digest.ts'
import type {
  CompiledKey,
  CompiledProvider,
  CompiledTokenIssuer,
  Configuration,
  PluginSettings,
} from '../../plugins/sdk/builtin.ts'
import { type ClientRules, closedToBrowsers, compileClient } from './compile-client.ts'
import { compileHeldBackKey } from './compile-held-back-key.ts'
import { compileKey } from './compile-key.ts'
import { compileHeldBackProvider, compileProvider } from './compile-provider.ts'
import { compileTokenIssuer } from './compile-token-issuer.ts'
import { compileTokenUser, type KeyLookup } from './compile-token-user.ts'
import type { EntityIndex } from './entity-index.ts'
import { ConfigurationRefused } from './refusal.ts'
import { everything } from './relations.ts'

type AnyKey = VirtualKey | HeldBackOf<'virtual_key'>

interface KeyCache {
  readonly own: WeakMap<AnyKey, CompiledKey>
  /** As users use keys of their teams, by the user. */
  readonly used: WeakMap<VirtualKey, WeakMap<User, CompiledKey>>
}

export interface CompileOptions {
  readonly organizationId: string
  readonly epoch: number
  readonly revision: number
  readonly hash: string
  readonly revoked: ReadonlySet<string>
}

/**
 * Turns indexes into configurations.
 *
 * A key is compiled when it is first used, not when its revision arrives: a revision then costs what it changes,
 * with 100 000 keys as with ten. What was compiled is kept with its entity and shared by all revisions in which
 * both the entity and everything that is no virtual key (teams, providers, budgets, …) stay the same, so that
 * issuing or revoking one key recompiles no other. An entity is never changed, only replaced, and both caches hold
 * it weakly: a configuration that no call uses any more takes its compiled keys with it.
 */
export class ConfigurationCompiler {
  readonly #keys = new WeakMap<object, KeyCache>()
  readonly #providers = new WeakMap<object, Map<string, CompiledProvider>>()
  readonly #clients = new WeakMap<object, ClientRules>()
  readonly #tokenIssuers = new WeakMap<TokenIssuer, CompiledTokenIssuer>()
  readonly #plugins = new WeakMap<object, readonly PluginSettings[]>()

  /** @throws ConfigurationRefused when the configuration as a whole cannot work. */
  compile(index: EntityIndex, options: CompileOptions): Configuration {
    const { organizationId, revoked } = options
    assertOwnOrganization(index, organizationId)
    const providers = this.#providersOf(index)
    const provider = (id: string) => providers.get(id)
    const keys = this.#keysOf(index)
    const keyOf = (entity: AnyKey) =>
      remembered(keys.own, entity, () =>
        'heldBack' in entity
          ? compileHeldBackKey(entity, organizationId)
          : compileKey(entity, { index, organizationId, providers: provider }),
      )
    const keyFor: KeyLookup = (entity, caller) =>
      caller
        ? remembered(
            remembered(keys.used, entity, () => new WeakMap()),
            caller,
            () => compileKey(entity, { index, organizationId, providers: provider, caller }),
          )
        : keyOf(entity)
    return Object.freeze({
      organizationId,
      epoch: options.epoch,
      revision: options.revision,
      hash: options.hash,
      keyByDigest(digest: string) {
        const entity = index.keyByDigest(digest)
        return entity && keyOf(entity)
      },
      tokenIssuer: (issuer: string) => {
        const entity = index.tokenIssuer(issuer)
        return entity && remembered(this.#tokenIssuers, entity, () => compileTokenIssuer(entity))
      },
      tokenUser(issuer: CompiledTokenIssuer, subject: string) {
        const user =
          issuer.subjects === 'users'
            ? index.get('user', subject)
            : index.userBySubject(subjectDigest(issuer.id, subject))
        return user && compileTokenUser(user, index, keyFor)
      },
      isRevoked: (id: string) => revoked.has(id),
      ...this.#clientOf(index),
      plugins: this.#pluginsOf(index),
    })
  }

  #keysOf({ surroundings }: EntityIndex): KeyCache {
    return remembered(this.#keys, surroundings, () => ({ own: new WeakMap(), used: new WeakMap() }))
  }

  /** Few, and compiled at once: a base URL that is none refuses the revision instead of a call. */
  #providersOf(index: EntityIndex): ReadonlyMap<string, CompiledProvider> {
    const known = this.#providers.get(index.surroundings)
    if (known) return known
    const providers = new Map<string, CompiledProvider>()
    for (const provider of index.partsOf('provider', everything)) {
      if (!URL.canParse(provider.baseUrl)) {
        throw new ConfigurationRefused(`provider/${provider.id} has a baseUrl that is no URL`)
      }
      const models = index.partsOf('model', `provider/${provider.id}`)
      const unread = index.unread.heldBackPartsOf('model', provider.id)
      providers.set(provider.id, compileProvider(provider, models, unread))
    }
    for (const provider of index.unread.heldBackProviders()) {
      providers.set(provider.id, compileHeldBackProvider(provider))
    }
    this.#providers.set(index.surroundings, providers)
    return providers
  }

  /** Networks and patterns are compiled with the revision that brings them: a bad one refuses it instead of calls. */
  #clientOf(index: EntityIndex): ClientRules {
    const client = index.only('client_configuration')
    if (!client) return closedToBrowsers
    const known = this.#clients.get(client)
    if (known) return known
    const rules = compileClient(client)
    this.#clients.set(client, rules)
    return rules
  }

  #pluginsOf(index: EntityIndex): readonly PluginSettings[] {
    const entities = index.partsOf('plugin', everything)
    const known = this.#plugins.get(entities)
    if (known) return known
    const settings = entities
      .map(({ name, enabled, position, order, config }) =>
        Object.freeze({ name, enabled, position, order, config }),
      )
      .sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1))
    this.#plugins.set(entities, Object.freeze(settings))
    return settings
  }
}

function remembered<K extends object, V>(known: WeakMap<K, V>, key: K, make: () => V): V {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
}

function assertOwnOrganization(index: EntityIndex, organizationId: string): void {
  const organization = index.only('organization')
  if (!organization) throw new ConfigurationRefused('the configuration holds no organization')
  if (organization.id !== organizationId) {
    throw new ConfigurationRefused(
      `the configuration is of organization ${organization.id}, this data plane serves ${organizationId}`,
    )
  }
}
