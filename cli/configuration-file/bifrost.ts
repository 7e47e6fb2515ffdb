import { readGovernance } from './bifrost-governance.ts'
import { readProviders } from './bifrost-providers.ts'
import { SecretNames } from './bifrost-values.ts'
import { readRoles } from './foreign-roles.ts'
import { type Findings, isObject, Members, type Notice } from './members.ts'

/** A foreign file in our form, and what became of it on the way. */
export interface Translation {
  readonly document: unknown
  readonly notices: readonly Notice[]
  /** What it says that cannot be taken over and must not be left out: then it is not applied. */
  readonly refusals: readonly Notice[]
  /** Secrets that the file holds in clear, by the names that the document refers to them by. */
  readonly secrets: ReadonlyMap<string, string>
}

const membersOfOthers = [
  ...['client', 'governance', 'enterprise', 'security', 'config_store', 'logs_store', 'vector_store'],
  ...['encryption_key', 'framework', 'mcp', 'auth_config', 'audit_logs', 'cluster_config'],
]

const ownMembers = [
  ...['workspaces', 'customers', 'businessUnits', 'teams', 'users', 'virtualKeys', 'roles', 'accessProfiles'],
  ...['clientConfiguration', 'organization'],
]

/** Whether a document is a Bifrost `config.json`, or a piece of one. */
export function isForeign(document: unknown): boolean {
  if (!isObject(document) || Array.isArray(document.providers)) return false
  if (ownMembers.some((name) => Object.hasOwn(document, name))) return false
  return membersOfOthers.some((name) => Object.hasOwn(document, name)) || isObject(document.providers)
}

/** Reads a Bifrost `config.json`; what has no counterpart is left out with a notice, never in silence. */
export function translateForeign(document: unknown): Translation {
  const found: Findings = { notices: [], refusals: [] }
  const file = new Members(document, '', found)
  const secrets = new SecretNames()
  file.value('$schema')
  const emptyMeansAll = file.number('version') === 1
  const client = file.object('client')
  const providerMap = file.object('providers')
  const providers = providerMap ? readProviders(providerMap, secrets) : []
  const names = new Set(providers.map(({ name }) => String(name)))
  const governance = file.object('governance')
  const enterprise = file.object('enterprise')
  const translated = {
    version: 1,
    ...(providers.length > 0 && { providers }),
    ...(governance && readGovernance(governance, { secrets, providers: names, emptyMeansAll })),
    ...(client && readClient(client)),
    ...(enterprise && readRoles(enterprise)),
  }
  file.noticeRest()
  return { document: translated, ...found, secrets: secrets.inClear }
}

const formerSwitches = ['enforce_governance_header', 'enforce_scim_auth']

function readClient(client: Members): Record<string, unknown> {
  const allowedOrigins = client.texts('allowed_origins')
  const allowedHeaders = client.texts('allowed_headers')
  const filter = client.object('header_filter_config')
  if (client.flag('enforce_auth_on_inference') === false) {
    client.notice('enforce_auth_on_inference', 'every call needs a virtual key, whatever this says')
  }
  for (const name of formerSwitches.filter((former) => client.has(former))) {
    client.value(name)
    client.notice(
      name,
      `"${name}" is called "enforce_auth_on_inference" today: every call needs a virtual key`,
    )
  }
  if (client.value('allow_direct_keys') === true) {
    client.refuse(
      'allow_direct_keys',
      '"allow_direct_keys" was removed: callers cannot bring provider keys, they need virtual keys. Take it out',
    )
  }
  const headerFilter = filter && readHeaderFilter(filter)
  const requiredHeaders = readRequiredHeaders(client)
  client.noticeRest()
  const settings = {
    ...(allowedOrigins && { allowedOrigins }),
    ...(allowedHeaders && { allowedHeaders }),
    ...(headerFilter && { headerFilter }),
    ...(requiredHeaders && { requiredHeaders }),
  }
  return Object.keys(settings).length > 0 ? { clientConfiguration: settings } : {}
}

/** Names alone, or with what their values must be. [X0-28] */
function readRequiredHeaders(client: Members): object[] | undefined {
  const field = 'required_headers'
  if (Array.isArray(client.value(field))) {
    return client.texts(field)?.map((name) => ({ name, pattern: '*' }))
  }
  const patterns = client.object(field)
  return patterns?.names.map((name) => {
    const pattern = patterns.text(name) ?? '*'
    if (!pattern.startsWith('env.')) return { name, pattern }
    patterns.notice(name, `"${pattern}" is not read from the environment: any value is accepted`)
    return { name, pattern: '*' }
  })
}

function readHeaderFilter(filter: Members): Record<string, unknown> {
  const allowlist = filter.texts('allowlist')
  const denylist = filter.texts('denylist')
  const allowsSome = allowlist !== undefined && allowlist.length > 0
  if (!allowsSome) {
    filter.notice('allowlist', 'without one every x-bf-eh-* header went on; here none does: list them')
  }
  filter.noticeRest()
  return {
    // There an allow-listed header also goes on without the prefix. [X1-03]
    ...(allowsSome && { allowlist, forwardDirect: true }),
    ...(denylist && { denylist }),
  }
}
