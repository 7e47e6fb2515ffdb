import { isIP } from 'node:net'
import { unknownNames } from '../contract/environment.ts'
import { readTelemetry, type TelemetrySettings } from '../telemetry/settings.ts'
import { readAddress } from '../transport/redis/address.ts'
import { readSessionSettings, type StoredSessionSettings } from './session-settings.ts'
import { wholeNumberOf } from './whole-number.ts'

/** How the GraphQL API meets the world. */
export interface GraphqlSettings {
  /** A manifest of the only operations that are answered; undefined answers any. */
  readonly persistedOperationsFile: string | undefined
  /** Whether callers with a token may read the schema. */
  readonly introspection: boolean
  /** Of one API token. */
  readonly requestsPerMinute: number
  /** Of one address, or one /64 network of IPv6. */
  readonly requestsPerMinuteOfAddress: number
  /** The most that one operation, and one statement of it in the database, may take. */
  readonly operationTimeoutSeconds: number
}

export const defaultGraphqlSettings: GraphqlSettings = {
  persistedOperationsFile: undefined,
  introspection: true,
  requestsPerMinute: 3_000,
  requestsPerMinuteOfAddress: 6_000,
  operationTimeoutSeconds: 30,
}

export interface ControlPlaneEnv {
  /** PostgreSQL as the application role. */
  readonly databaseUrl: string
  /** Undefined only when the planes share a process. */
  readonly redisUrl: string | undefined
  /** 32 bytes that encrypt stored secrets. */
  readonly masterKey: Buffer
  readonly host: string
  readonly port: number
  /** Where browsers find the control plane, an origin; undefined: where it listens. */
  readonly publicUrl?: string | undefined
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  readonly graphql: GraphqlSettings
  /** The defaults unless given. */
  readonly sessions?: StoredSessionSettings | undefined
  /** How long what the configuration was can be read and rolled back to. */
  readonly configurationHistoryDays: number
  readonly logLevel: string
  /** Asked for by `/metrics`; without it they are shown on loopback alone. */
  readonly statusToken?: string | undefined
  /** Absent: nothing of OpenTelemetry is loaded. */
  readonly telemetry?: TelemetrySettings | undefined
}

export class EnvironmentInvalid extends Error {
  override readonly name = 'EnvironmentInvalid'
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
const masterKeyBytes = 32
export const defaultConfigurationHistoryDays = 90
const shortestTokenLength = 16

/**
 * The control plane's settings. An empty variable counts as one that is not set.
 *
 * @param needsRedis false when the caller brings the transport between the planes.
 * @throws EnvironmentInvalid that lists every mistake.
 */
export function readEnv(
  source: Readonly<Record<string, string | undefined>>,
  { needsRedis = true }: { readonly needsRedis?: boolean } = {},
): ControlPlaneEnv {
  const problems = unknownNames(source).map(
    (name) => `${name} is not a setting of Gatehouse (see .env.example)`,
  )
  const check = <T>(name: string, value: T | undefined, rule: string): T | undefined => {
    if (value === undefined) problems.push(`${name} ${rule}`)
    return value
  }
  const env = {
    databaseUrl: check(
      'DATABASE_URL',
      urlOf(source.DATABASE_URL, ['postgres:', 'postgresql:']),
      'must be set to a postgres:// URL of the application role, with one host',
    ),
    redisUrl: redisUrlOf(source.REDIS_URL, needsRedis, problems),
    masterKey: check(
      'GATEHOUSE_MASTER_KEY',
      masterKeyOf(source.GATEHOUSE_MASTER_KEY),
      'must be set to 32 random bytes in base64 (openssl rand -base64 32)',
    ),
    host: source.CONTROL_PLANE_HOST || '127.0.0.1',
    port: check(
      'CONTROL_PLANE_PORT',
      portOf(source.CONTROL_PLANE_PORT || '4000'),
      'must be a port, 0 to 65535',
    ),
    publicUrl: publicUrlOf(source.CONTROL_PLANE_PUBLIC_URL || undefined, problems),
    trustedProxies: check(
      'CONTROL_PLANE_TRUSTED_PROXIES',
      networksOf(source.CONTROL_PLANE_TRUSTED_PROXIES ?? ''),
      'must be addresses or networks such as 10.0.0.0/8, separated by commas',
    ),
    graphql: graphqlSettingsOf(source, problems),
    sessions: readSessionSettings(source, problems),
    configurationHistoryDays: wholeNumberOf(
      source,
      'CONFIGURATION_HISTORY_DAYS',
      { preset: defaultConfigurationHistoryDays, most: 36_500 },
      problems,
    ),
    logLevel: check(
      'LOG_LEVEL',
      logLevels.find((level) => level === (source.LOG_LEVEL || 'info')),
      `must be one of ${logLevels.join(', ')}`,
    ),
    statusToken: statusTokenOf(source.GATEHOUSE_STATUS_TOKEN?.trim() || undefined, problems),
    telemetry: readTelemetry(
      { endpoint: source.OTEL_EXPORTER_OTLP_ENDPOINT, headers: source.OTEL_EXPORTER_OTLP_HEADERS },
      problems,
    ),
  }
  const { databaseUrl, masterKey, port, trustedProxies, logLevel } = env
  if (
    problems.length > 0 ||
    databaseUrl === undefined ||
    masterKey === undefined ||
    port === undefined ||
    trustedProxies === undefined ||
    logLevel === undefined
  ) {
    throw new EnvironmentInvalid(problems.join('\n'))
  }
  return Object.freeze({ ...env, databaseUrl, masterKey, port, trustedProxies, logLevel })
}

/** An origin: what stands behind it is ours to say. Cookies of sessions are sent over https alone, and to this machine. */
function publicUrlOf(text: string | undefined, problems: string[]): string | undefined {
  if (text === undefined) return undefined
  const url = URL.parse(text)
  const isLocal = url?.hostname === 'localhost' || url?.hostname === '127.0.0.1' || url?.hostname === '[::1]'
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)
  if (url && isSafe && `${url.origin}/` === url.href) return url.origin
  problems.push('CONTROL_PLANE_PUBLIC_URL must be an https:// origin such as https://gatehouse.example.com')
  return undefined
}

function graphqlSettingsOf(
  source: Readonly<Record<string, string | undefined>>,
  problems: string[],
): GraphqlSettings {
  const preset = defaultGraphqlSettings
  const whole = (name: string, otherwise: number, most: number): number =>
    wholeNumberOf(source, name, { preset: otherwise, most }, problems)
  const introspection = source.GRAPHQL_INTROSPECTION || 'on'
  if (introspection !== 'on' && introspection !== 'off') {
    problems.push('GRAPHQL_INTROSPECTION must be on or off')
  }
  return {
    persistedOperationsFile: source.GRAPHQL_PERSISTED_OPERATIONS || preset.persistedOperationsFile,
    introspection: introspection === 'on',
    requestsPerMinute: whole('GRAPHQL_REQUESTS_PER_MINUTE', preset.requestsPerMinute, 1_000_000),
    requestsPerMinuteOfAddress: whole(
      'GRAPHQL_REQUESTS_PER_MINUTE_OF_ADDRESS',
      preset.requestsPerMinuteOfAddress,
      1_000_000,
    ),
    operationTimeoutSeconds: whole('GRAPHQL_OPERATION_TIMEOUT_SECONDS', preset.operationTimeoutSeconds, 600),
  }
}

function networksOf(text: string): readonly string[] | undefined {
  const networks = text.split(',').map((part) => part.trim())
  const named = networks.filter((network) => network !== '')
  return named.every(isNetwork) ? named : undefined
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

function redisUrlOf(text: string | undefined, needed: boolean, problems: string[]): string | undefined {
  if (!text) {
    if (needed) problems.push('REDIS_URL must be set, such as redis://127.0.0.1:6379')
    return undefined
  }
  try {
    readAddress(text)
    return text
  } catch (error) {
    problems.push(`REDIS_URL: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

function statusTokenOf(token: string | undefined, problems: string[]): string | undefined {
  if (token !== undefined && token.length < shortestTokenLength) {
    problems.push(
      `GATEHOUSE_STATUS_TOKEN must have at least ${shortestTokenLength} characters (openssl rand -hex 32)`,
    )
  }
  return token
}

function urlOf(text: string | undefined, protocols: readonly string[]): string | undefined {
  if (!text || !URL.canParse(text)) return undefined
  return protocols.includes(new URL(text).protocol) ? text : undefined
}

function masterKeyOf(text: string | undefined): Buffer | undefined {
  const key = Buffer.from(text ?? '', 'base64')
  return key.length === masterKeyBytes ? key : undefined
}

function portOf(text: string): number | undefined {
  const port = Number(text)
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined
}
