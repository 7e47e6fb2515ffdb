import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import {
  ClientConfiguration,
  type ConfigurationFile,
  entrySchemas,
  ConfigurationFile as FileSchema,
  Organization,
} from './schema.ts'

/** What is wrong with one place of a file. */
export interface FileProblem {
  /** JSON Pointer (RFC 6901) of the place, `/virtualKeys/0/owner`. */
  readonly path: string
  readonly message: string
}

/** A file may hold this many; more would be too long to read at once. */
export const mostProblems = 200

type Validator = ReturnType<typeof Compile<TSchema>>

// The validator stops at its first few errors. Each entry has its own, so that all wrong entries are found at once.
const entryValidators: ReadonlyMap<string, Validator> = new Map(
  Object.entries(entrySchemas).map(([list, schema]) => [list, Compile<TSchema>(schema)]),
)
const sectionValidators: ReadonlyMap<string, Validator> = new Map([
  ['organization', Compile<TSchema>(Organization)],
  ['clientConfiguration', Compile<TSchema>(ClientConfiguration)],
])
const fileMembers = Object.keys(FileSchema.properties)

/** Whether a document has the form of a configuration file: then there are no problems of form. */
export function isConfigurationFile(document: unknown): document is ConfigurationFile {
  return findFormProblems(document).length === 0
}

/** Everything that is wrong with the form of a file, at most 200 places. What names refer to is not looked at. */
export function findFormProblems(document: unknown): FileProblem[] {
  if (!isRecord(document)) return [{ path: '', message: 'must be an object with "version: 1"' }]
  const problems = [...versionProblems(document), ...unknownProblems('', Object.keys(document), fileMembers)]
  for (const [section, value] of Object.entries(document)) {
    const path = `/${section}`
    const entryValidator = entryValidators.get(section)
    const sectionValidator = sectionValidators.get(section)
    if (sectionValidator) problems.push(...schemaProblems(path, sectionValidator, value))
    if (!entryValidator) continue
    if (!Array.isArray(value)) problems.push({ path, message: 'must be a list' })
    else
      for (const [index, entry] of value.entries()) {
        if (problems.length < mostProblems)
          problems.push(...schemaProblems(`${path}/${index}`, entryValidator, entry))
      }
  }
  return problems.slice(0, mostProblems)
}

function versionProblems(document: Record<string, unknown>): FileProblem[] {
  if (document.version === 1) return []
  return [{ path: '/version', message: 'must be 1, the only form that there is' }]
}

interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params: object
}

function schemaProblems(path: string, validator: Validator, value: unknown): FileProblem[] {
  if (validator.Check(value)) return []
  const errors: readonly SchemaError[] = validator.Errors(value)
  // What fits in none of several forms is told by each of them; the deepest errors say what is wrong.
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf').map((error) => error.instancePath)
  const inWords = choices.filter((choice) => expectationOf(path + choice) !== undefined)
  const told = errors.filter(({ keyword, instancePath, params }) => {
    if (keyword === 'boolean' || keyword === 'anyOf') return false
    if (keyword === 'type' && 'type' in params && params.type === 'null') return false
    return !inWords.includes(instancePath)
  })
  const problems = [
    ...told.flatMap((error) => problemsOf(path, error, choices.includes(error.instancePath))),
    ...inWords.map((choice) => ({ path: path + choice, message: expectationOf(path + choice) ?? '' })),
  ]
  // Whatever the errors were, a value that does not fit is no file.
  return problems.length > 0 ? problems : [{ path, message: 'is not what may be here' }]
}

function problemsOf(
  root: string,
  { keyword, instancePath, message, params }: SchemaError,
  isNullable: boolean,
): FileProblem[] {
  const path = root + instancePath
  const otherwise = isNullable ? ', or null' : ''
  if (keyword === 'additionalProperties' && 'additionalProperties' in params) {
    return unknownProblems(path, [params.additionalProperties].flat().map(String), [])
  }
  if (keyword === 'required' && 'requiredProperties' in params) {
    const missing = [params.requiredProperties].flat().map(String)
    return missing.map((name) => ({ path: `${path}/${name}`, message: 'is needed' }))
  }
  if (keyword === 'enum' && 'allowedValues' in params) {
    const allowed = [params.allowedValues].flat().join(', ')
    return [{ path, message: `must be one of ${allowed}${otherwise}` }]
  }
  if (keyword === 'pattern' && path.endsWith('/secret')) {
    const hint =
      'must name a variable of the environment, such as "$OPENAI_API_KEY": secrets stay out of files'
    return [{ path, message: hint }]
  }
  return [{ path, message: message + otherwise }]
}

/** Of what has several forms, in words for all of them; undefined where one form and null are all there is. */
function expectationOf(path: string): string | undefined {
  if (path.endsWith('Usd') || path.endsWith('UsdPerMillionTokens')) {
    return 'must be US dollars, such as 12.50, with at most nine digits on either side of the point'
  }
  if (path.endsWith('/expiresAt')) return 'must be a time such as "2030-01-31T12:00:00Z", or null'
  return undefined
}

/** What other releases and other gateways call a field, and what it is called here. [X0-22, X1-01] */
const formerNames: Readonly<Record<string, string>> = {
  allowed_keys: 'keys',
  key_ids: 'keys',
  allowed_models: 'models',
  allowedModels: 'models',
  providerKeyIds: 'keys',
  provider_configs: 'providers',
  providerConfigs: 'providers',
  virtual_keys: 'virtualKeys',
  access_profiles: 'accessProfiles',
  row_scope: 'rowScope',
  role_assignments: 'roleAssignments',
  inherited_roles: 'inherits',
  business_units: 'businessUnits',
  budget: 'budgets',
  rate_limit: 'requestLimits',
  requestLimit: 'requestLimits',
  is_active: 'active',
  expires_at: 'expiresAt',
  team_id: 'owner.team',
  customer_id: 'owner.customer',
  base_url: 'baseUrl',
  client: 'clientConfiguration',
  allowed_origins: 'allowedOrigins',
  allowed_headers: 'allowedHeaders',
  header_filter_config: 'headerFilter',
  required_headers: 'requiredHeaders',
  ip_whitelist: 'ipAllowlist',
  ip_allowlist: 'ipAllowlist',
  trusted_proxies: 'trustedProxies',
  value: 'secret',
}

/** What there once was and is no more, and why. [S1-23, S1-27] */
const removedFields: Readonly<Record<string, string>> = {
  allow_direct_keys: 'callers cannot bring provider keys, they need virtual keys',
  enforce_auth_on_inference: 'every call needs a virtual key',
  enforceAuthOnInference: 'every call needs a virtual key',
  enforce_governance_header: 'every call needs a virtual key',
  enforce_scim_auth: 'every call needs a virtual key',
}

function unknownProblems(path: string, names: readonly string[], known: readonly string[]): FileProblem[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const present = Object.hasOwn(formerNames, name) ? formerNames[name] : undefined
      const removed = Object.hasOwn(removedFields, name) ? removedFields[name] : undefined
      if (removed !== undefined) {
        return { path: `${path}/${pointerSegment(name)}`, message: `"${name}" was removed: ${removed}` }
      }
      const hint = present === undefined ? '' : `: it is called "${present}" here`
      return { path: `${path}/${pointerSegment(name)}`, message: `unknown field "${name}"${hint}` }
    })
}

/** One step of a JSON Pointer. */
export function pointerSegment(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
