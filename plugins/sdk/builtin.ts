/*
 * What the six built-in stages use beyond the public SDK. The data plane hands these services to them alone;
 * a custom plugin that imports this module gets types and no power.
 */
import type { Static, TObject } from 'typebox'
import type { Prices } from '../../contract/money.ts'
import type { BodyFields } from './body-fields.ts'
import type { Call, KeyIdentity, Outcome, Principal, UpstreamRequest, Usage } from './call.ts'
import type { Denied } from './denied.ts'
import type { InferenceRights } from './inference.ts'
import type { Hooks, Host, PluginDefinition } from './plugin.ts'
import type { Reply } from './reply.ts'
import type {
  BudgetNode,
  Budgets,
  Concurrency,
  ConcurrencyLimit,
  Hold,
  Ledger,
  LimitNode,
  Limits,
} from './spending.ts'
import type { CompiledTokenIssuer, Tokens, TokenUser } from './tokens.ts'

export { openaiErrorBody } from '../../contract/errors.ts'
export {
  costEstimatedHeader,
  costHeader,
  credentialHeaders,
  forwardPrefix,
  limitHeaders,
  neverForwarded,
  reservedPrefix,
} from '../../contract/headers.ts'
export {
  type Consumption,
  costNanoUsd,
  dearestPrices,
  decimalUsd,
  type Prices,
} from '../../contract/money.ts'
export { isPrivateHost } from '../../contract/private-host.ts'
export type { BodyFields, Span } from './body-fields.ts'
export { asksProvider } from './call.ts'
export { readCredentials } from './credential.ts'
export type * from './inference.ts'
export type { Reply } from './reply.ts'
export * from './spending.ts'
export type * from './tokens.ts'

export interface CompiledProvider {
  readonly id: string
  readonly name: string
  readonly active: boolean
  /** Without a trailing slash: `https://api.openai.com/v1`. */
  readonly baseUrl: string
  readonly origin: string
  /** Whether loopback, private and link-local addresses may be connected to. */
  readonly allowPrivateNetwork: boolean
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number
  /** `drain`: its answer is read to the end, which tells what it costs. `drain_capped`: for a while. */
  readonly whenCallerLeaves: 'abort' | 'drain' | 'drain_capped'
  /** Why no call goes to it although it was not switched off: this release cannot read it whole; null: nothing of that. */
  readonly heldBack: string | null
  /** Why no model may be asked for that is not listed: one of its models cannot be read whole; null: nothing of that. */
  readonly unlistedHeldBack: string | null
  model(name: string): CompiledModel | undefined
  /** Every model of the provider, by name. */
  readonly models: readonly CompiledModel[]
}

export interface CompiledModel {
  readonly id: string
  readonly name: string
  readonly upstreamName: string
  readonly maxOutputTokens: number | null
  /** What a call costs that began at a time, in milliseconds since the epoch; null: not known. */
  pricesAt(at: number): Prices | null
}

export interface CompiledProviderKey {
  readonly id: string
  readonly weight: number
  readonly credentialId: string
  /** Null: any number of calls may be under way with it. */
  readonly concurrency: ConcurrencyLimit | null
}

/** What a key may do with one provider. */
export interface ProviderGrant {
  readonly id: string
  readonly provider: CompiledProvider
  /** False: switched off for this key. */
  readonly active: boolean
  readonly weight: number | null
  /** Why it cannot be used: the provider, or its last usable key, cannot be read whole; null: nothing of that. */
  readonly heldBack: string | null
  /** The active provider keys that this grant may use. */
  readonly providerKeys: readonly CompiledProviderKey[]
  /** By the name that callers use; a blocked model is not allowed, under an alias neither. */
  allowsModel(model: string): boolean
  /** Whether the user who owns the key may use a model here; always true of a key that no user owns. */
  ownerMayUse(model: string): boolean
  /** Of the provider-config level alone. */
  readonly budgets: readonly BudgetNode[]
  readonly limits: readonly LimitNode[]
}

/** Whose calls are refused first when a data plane is at its capacity: those of low keys. */
export type Priority = 'low' | 'normal' | 'high'

export interface CompiledKey extends KeyIdentity {
  readonly principal: Principal
  readonly status: 'active' | 'inactive' | 'revoked'
  /** Why no call of it is served although it may be in order: it or its owner cannot be read whole; null: nothing of that. */
  readonly heldBack: string | null
  readonly priority: Priority
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | null
  /** When the secret that was presented stops working (rotation); null for the current secret. */
  secretExpiresAt(digest: string): number | null
  /** From the organization down to the key; the provider-config level is on the grants. */
  readonly budgets: readonly BudgetNode[]
  readonly limits: readonly LimitNode[]
  readonly grants: readonly ProviderGrant[]
  /** What the roles give of the user whom its calls are charged to; null: roles decide about none of its calls. */
  readonly inference: InferenceRights | null
  /** Whether bodies of its calls may be logged; null: as is decided for all keys. */
  readonly contentLogging: boolean | null
  /** How old the configuration may be for a call of this key; null: as old as for any call. */
  readonly requireFreshMs: number | null
  /** Null: any number of its calls may be under way. */
  readonly concurrency: ConcurrencyLimit | null
}

export interface HeaderFilter {
  readonly allowlist: readonly string[] | null
  readonly denylist: readonly string[]
  readonly forwardDirect: boolean
}

/** A header without which no call is served. */
export interface RequiredHeader {
  /** In lower case. */
  readonly name: string
  accepts(value: string): boolean
}

/** How one plugin is to run; a plugin without settings runs with its schema's defaults, a custom one not at all. */
export interface PluginSettings {
  readonly name: string
  readonly enabled: boolean
  readonly position: { readonly side: 'before' | 'after'; readonly of: string } | null
  readonly order: number
  readonly config: Readonly<Record<string, unknown>>
}

/** The compiled, frozen configuration that a call keeps from its start to its end. */
export interface Configuration {
  readonly organizationId: string
  readonly epoch: number
  readonly revision: number
  readonly hash: string
  keyByDigest(digest: string): CompiledKey | undefined
  /** Whose tokens are believed, by `iss`: the same object until something of it changes; and whom they name. */
  tokenIssuer(issuer: string): CompiledTokenIssuer | undefined
  tokenUser(issuer: CompiledTokenIssuer, subject: string): TokenUser | undefined
  /** Whether the head named this key, user or session as ended, whatever this configuration says of it. */
  isRevoked(id: string): boolean
  /** How old it may be before every call is refused; null: any age. */
  readonly maxStalenessMs: number | null
  /** Whether callers read the limit of a budget and what is used of it. */
  readonly showBudgetAmounts: boolean
  /** Exact origins, or `["*"]`; `[]` refuses every cross-origin call. */
  readonly allowedOrigins: readonly string[]
  /** Request headers that a browser may send. */
  readonly allowedHeaders: readonly string[]
  readonly headerFilter: HeaderFilter
  readonly requiredHeaders: readonly RequiredHeader[]
  /** Whether calls may come from an address; null: from every one. */
  readonly admitsAddress: ((address: string) => boolean) | null
  /** Whether an address is that of a proxy whose `X-Forwarded-For` is believed; null: none is. */
  readonly isTrustedProxy: ((address: string) => boolean) | null
  /** Keeps its identity from one revision to the next unless a plugin's settings changed. */
  readonly plugins: readonly PluginSettings[]
}

/** Where a call goes, as rbac found it; budget keeps the first that its provider-config level admits. */
export interface Target {
  readonly grant: ProviderGrant
  readonly model: CompiledModel
}

/** What was forwarded and what was not, for the record. */
export interface HeaderTrail {
  readonly forwarded: readonly { readonly name: string; readonly sha256: string }[]
  readonly dropped: readonly string[]
}

/** A call as the built-in stages see it. */
export interface BuiltinCall extends Call {
  readonly configuration: Configuration
  readonly reply: Reply
  /** Where it comes from: the other end of the connection, or whom a trusted proxy names. */
  readonly sourceAddress: string | null
  /** Name, value, name, value, … as they came on the wire. */
  readonly rawHeaders: readonly string[]
  /** Top-level members of the body that the gateway reads: where their values stand in the bytes. */
  readonly fields: BodyFields
  key: CompiledKey | undefined
  /** Candidates, best first. Set by rbac, narrowed to one by budget. */
  targets: readonly Target[]
  providerKeyId: string | null
  headerTrail: HeaderTrail | undefined
  hold: Hold | undefined
  usage: Usage | undefined
}

/** The data plane's durable record. */
export interface Journal {
  /** Before the provider is asked. Throws when nothing can be written: the call is then refused. */
  intend(call: BuiltinCall): void | Promise<void>
  /** After the call, whatever became of it. */
  finish(call: BuiltinCall, outcome: Outcome, charges: readonly { leaseId: string; nanoUsd: number }[]): void
}

/** What the status API shows of one provider. */
export interface ProviderActivity {
  readonly name: string
  readonly requests: number
  readonly errors: number
  readonly inFlight: number
  /** The last failure in words that are safe to show; null while there was none. */
  readonly lastError: string | null
}

export interface BuiltinHost extends Host {
  /** HMAC-SHA256 under the pepper, hex. */
  digest(secret: string): string
  /** What there is against a call that needs a configuration no older than so many milliseconds. */
  staleness(limitMs: number): Denied | undefined
  /** A provider's secret in clear; undefined while the sealed credentials do not hold it. */
  credential(credentialId: string): string | undefined
  readonly tokens: Tokens
  readonly ledger: Ledger
  readonly budgets: Budgets
  readonly limits: Limits
  readonly concurrency: Concurrency
  readonly journal: Journal
  /** Uniform in [0, 1); a test can set it. */
  random(): number
  /** Runs the `onUpstream` hooks of all plugins, in order. */
  prepareUpstream(call: BuiltinCall, request: UpstreamRequest): void | Promise<void>
}

export interface BuiltinHooks extends Omit<Hooks, 'onCall' | 'onUpstream' | 'onChunk' | 'onComplete'> {
  onCall?(call: BuiltinCall): void | Promise<void>
  onUpstream?(call: BuiltinCall, request: UpstreamRequest): void | Promise<void>
  onChunk?(call: BuiltinCall, chunk: Buffer): Buffer
  onComplete?(call: BuiltinCall, outcome: Outcome): void | Promise<void>
  /**
   * The terminal stage answers the call; resolves when the answer is out. It throws `Denied` also when an answer that
   * has begun cannot be completed: the pipeline then tells the caller in the stream and ends it.
   */
  respond?(call: BuiltinCall): void | Promise<void>
  /** Of the providers that this stage has asked, since it was set up. */
  activity?(): readonly ProviderActivity[]
  /** Ends what the stage keeps open, when its configuration is replaced or the process stops. */
  close?(): Promise<void>
}

export type BuiltinDefinition<Schema extends TObject = TObject> = PluginDefinition<
  Schema,
  BuiltinHost,
  BuiltinHooks
>

/** Declares one of the six stages that every call passes. */
export function defineBuiltin<Schema extends TObject>(definition: {
  name: string
  config: Schema
  setup(config: Static<Schema>, host: BuiltinHost): BuiltinHooks
}): BuiltinDefinition<Schema> {
  return Object.freeze({ version: '1.0.0', ...definition })
}
