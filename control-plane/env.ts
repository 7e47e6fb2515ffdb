import { unknownNames } from '../contract/environment.ts'

export interface ControlPlaneEnv {
  /** PostgreSQL as the application role. */
  readonly databaseUrl: string
  /** Undefined only when the planes share a process. */
  readonly redisUrl: string | undefined
  /** 32 bytes that encrypt stored secrets. */
  readonly masterKey: Buffer
  readonly host: string
  readonly port: number
  readonly logLevel: string
}

export class EnvironmentInvalid extends Error {
  override readonly name = 'EnvironmentInvalid'
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
const masterKeyBytes = 32

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
      'must be set to a postgres:// URL of the application role',
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
    logLevel: check(
      'LOG_LEVEL',
      logLevels.find((level) => level === (source.LOG_LEVEL || 'info')),
      `must be one of ${logLevels.join(', ')}`,
    ),
  }
  const { databaseUrl, masterKey, port, logLevel } = env
  if (
    problems.length > 0 ||
    databaseUrl === undefined ||
    masterKey === undefined ||
    port === undefined ||
    logLevel === undefined
  ) {
    throw new EnvironmentInvalid(problems.join('\n'))
  }
  return Object.freeze({ ...env, databaseUrl, masterKey, port, logLevel })
}

function redisUrlOf(text: string | undefined, needed: boolean, problems: string[]): string | undefined {
  const url = urlOf(text, ['redis:', 'rediss:'])
  if (url === undefined && (needed || text)) problems.push('REDIS_URL must be set to a redis:// URL')
  return url
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
