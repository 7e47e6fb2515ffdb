import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { environmentVariables, unknownNames } from '../contract/environment.ts'
import { isLoopback } from '../telemetry/metrics-guard.ts'
import { readTelemetry, type TelemetrySettings } from '../telemetry/settings.ts'

/** What a data plane is told by its environment; see contract/environment.ts for the meaning of each. */
export interface DataPlaneEnv {
  /** Absent only where the transport is handed in by the process that runs both planes. */
  readonly redisUrl: string | undefined
  readonly host: string
  readonly port: number
  readonly statusHost: string
  readonly statusPort: number
  readonly name: string
  /** Absolute. */
  readonly stateDirectory: string
  readonly enrolmentToken: string | undefined
  readonly controlPlaneUrl: string
  readonly plugins: readonly string[]
  readonly auditDurability: 'process' | 'sync' | 'remote'
  readonly auditWhenFull: 'refuse' | 'count'
  readonly journalMaxBytes: number
  readonly drainSeconds: number
  readonly drainNoticeSeconds: number
  readonly statusToken: string | undefined
  readonly logLevel: LogLevel
  /** Absent: nothing of OpenTelemetry is loaded. */
  readonly telemetry?: TelemetrySettings | undefined
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
const durabilities = ['process', 'sync', 'remote'] as const
const whenFullChoices = ['refuse', 'count'] as const
const smallestJournalBytes = 1024 ** 2
const shortestTokenLength = 16
const longestDrainSeconds = 3_600

/** The environment cannot be used; the message lists every mistake. */
export class EnvironmentInvalid extends Error {
  override readonly name = 'EnvironmentInvalid'
}

/**
 * Reads the environment of a data plane.
 *
 * @throws EnvironmentInvalid naming every mistake at once; values are left out, for some are secrets.
 */
export function readEnv(
  source: Readonly<Record<string, string | undefined>>,
  { needsRedis = true }: { readonly needsRedis?: boolean } = {},
): DataPlaneEnv {
  const problems = unknownNames(source).map(
    (name) => `${name} is not a setting of Gatehouse (see .env.example)`,
  )
  const reader = new Reader(source, problems)
  const statusHost = reader.text(
    'DATA_PLANE_STATUS_HOST',
    environmentVariables.DATA_PLANE_STATUS_HOST.default,
  )
  const env: DataPlaneEnv = {
    redisUrl: reader.optional('REDIS_URL'),
    host: reader.text('DATA_PLANE_HOST', environmentVariables.DATA_PLANE_HOST.default),
    port: reader.port('DATA_PLANE_PORT', environmentVariables.DATA_PLANE_PORT.default),
    statusHost,
    statusPort: reader.port('DATA_PLANE_STATUS_PORT', environmentVariables.DATA_PLANE_STATUS_PORT.default),
    name: reader.text('DATA_PLANE_NAME', hostname()),
    stateDirectory: resolve(
      reader.text('GATEHOUSE_STATE_DIR', environmentVariables.GATEHOUSE_STATE_DIR.default),
    ),
    enrolmentToken: reader.optional('GATEHOUSE_ENROLMENT_TOKEN'),
    controlPlaneUrl: reader.url('CONTROL_PLANE_URL', environmentVariables.CONTROL_PLANE_URL.default),
    plugins: reader.list('GATEHOUSE_PLUGINS'),
    auditDurability: reader.oneOf('GATEHOUSE_AUDIT_DURABILITY', durabilities, 'sync'),
    auditWhenFull: reader.oneOf('GATEHOUSE_AUDIT_WHEN_FULL', whenFullChoices, 'refuse'),
    journalMaxBytes: reader.bytes('GATEHOUSE_JOURNAL_MAX_BYTES', smallestJournalBytes),
    drainSeconds: reader.seconds('GATEHOUSE_DRAIN_SECONDS'),
    drainNoticeSeconds: reader.seconds('GATEHOUSE_DRAIN_NOTICE_SECONDS'),
    statusToken: reader.optional('GATEHOUSE_STATUS_TOKEN'),
    logLevel: reader.oneOf('LOG_LEVEL', logLevels, 'info'),
    telemetry: readTelemetry(
      { endpoint: source.OTEL_EXPORTER_OTLP_ENDPOINT, headers: source.OTEL_EXPORTER_OTLP_HEADERS },
      problems,
    ),
  }
  if (needsRedis && env.redisUrl === undefined)
    problems.push('REDIS_URL must be set, such as redis://127.0.0.1:6379')
  if (!needsRedis && env.auditDurability === 'remote')
    problems.push(
      'GATEHOUSE_AUDIT_DURABILITY=remote needs REDIS_URL: there is nothing else outside of this process',
    )
  checkStatusToken(env, problems)
  if (problems.length > 0) throw new EnvironmentInvalid(problems.join('\n'))
  return Object.freeze(env)
}

function checkStatusToken({ statusHost, statusToken }: DataPlaneEnv, problems: string[]): void {
  if (statusToken === undefined) {
    if (isLoopback(statusHost)) return
    problems.push('GATEHOUSE_STATUS_TOKEN must be set when DATA_PLANE_STATUS_HOST is not loopback')
  } else if (statusToken.length < shortestTokenLength) {
    problems.push(
      `GATEHOUSE_STATUS_TOKEN must have at least ${shortestTokenLength} characters (openssl rand -hex 32)`,
    )
  }
}

/** Reads single variables and collects what is wrong with them. An empty one counts as not set. */
class Reader {
  readonly #source: Readonly<Record<string, string | undefined>>
  readonly #problems: string[]

  constructor(source: Readonly<Record<string, string | undefined>>, problems: string[]) {
    this.#source = source
    this.#problems = problems
  }

  optional(name: string): string | undefined {
    return this.#source[name]?.trim() || undefined
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback
  }

  list(name: string): readonly string[] {
    const items = this.text(name, '').split(',')
    return items.map((item) => item.trim()).filter((item) => item !== '')
  }

  port(name: string, fallback: string): number {
    const text = this.text(name, fallback)
    const port = Number(text)
    if (!/^\d{1,5}$/.test(text) || port > 65_535)
      this.#problems.push(`${name} must be a port number, 0 to 65535`)
    return port
  }

  seconds(name: 'GATEHOUSE_DRAIN_SECONDS' | 'GATEHOUSE_DRAIN_NOTICE_SECONDS'): number {
    const text = this.text(name, environmentVariables[name].default)
    if (!/^\d{1,4}$/.test(text) || Number(text) > longestDrainSeconds)
      this.#problems.push(`${name} must be a whole number of seconds, 0 to ${longestDrainSeconds}`)
    return Number(text)
  }

  bytes(name: 'GATEHOUSE_JOURNAL_MAX_BYTES', minimum: number): number {
    const text = this.text(name, environmentVariables[name].default)
    if (!/^\d{1,15}$/.test(text) || Number(text) < minimum)
      this.#problems.push(`${name} must be a whole number of bytes, at least ${minimum}`)
    return Number(text)
  }

  url(name: string, fallback: string): string {
    const url = URL.parse(this.text(name, fallback))
    if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href
    this.#problems.push(`${name} must be an http or https URL, such as ${fallback}`)
    return fallback
  }

  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const text = this.text(name, fallback)
    const choice = choices.find((candidate) => candidate === text)
    if (choice === undefined) this.#problems.push(`${name} must be one of ${choices.join(', ')}`)
    return choice ?? fallback
  }
}
