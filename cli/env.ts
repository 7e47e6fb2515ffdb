import { resolve } from 'node:path'
import { unknownNames } from '../contract/environment.ts'
import { StartRefused } from './start-refused.ts'

type Source = Readonly<Record<string, string | undefined>>

export interface UpEnv {
  /** Absolute. */
  readonly dataDir: string
  readonly demoProviderPort: number
  /** An own database; with it there is no demo. */
  readonly database:
    | { readonly url: string; readonly ownerUrl?: string; readonly masterKey: string }
    | undefined
  readonly redisUrl: string | undefined
  readonly openaiApiKey: string | undefined
  /** What is handed on to the planes, who check it themselves. */
  readonly planes: Source
}

/** @throws StartRefused naming every mistake at once */
export function readUpEnv(source: Source): UpEnv {
  const problems = unknownNames(source).map(
    (name) => `${name} is not a setting of Gatehouse (see .env.example)`,
  )
  const env = set(source)
  const demoProviderPort = portOf(env.DEMO_PROVIDER_PORT)
  if (demoProviderPort === undefined) problems.push(badPort)
  if (env.DATABASE_URL !== undefined && env.GATEHOUSE_MASTER_KEY === undefined) {
    problems.push('GATEHOUSE_MASTER_KEY must be set with DATABASE_URL (openssl rand -base64 32)')
  }
  if (problems.length > 0 || demoProviderPort === undefined) throw new StartRefused(problems.join('\n'))
  return Object.freeze({
    dataDir: readDataDir(source),
    demoProviderPort,
    database:
      env.DATABASE_URL === undefined || env.GATEHOUSE_MASTER_KEY === undefined
        ? undefined
        : {
            url: env.DATABASE_URL,
            masterKey: env.GATEHOUSE_MASTER_KEY,
            ...(env.DATABASE_OWNER_URL !== undefined && { ownerUrl: env.DATABASE_OWNER_URL }),
          },
    redisUrl: env.REDIS_URL,
    openaiApiKey: env.OPENAI_API_KEY,
    planes: env,
  })
}

export function readDataDir(source: Source): string {
  return resolve(set(source).GATEHOUSE_DATA_DIR ?? '.gatehouse')
}

/** Which control plane the daily commands ask, and as whom. */
export function readClientEnv(source: Source): { readonly url?: string; readonly token?: string } {
  const { GATEHOUSE_URL, GATEHOUSE_TOKEN } = set(source)
  return {
    ...(GATEHOUSE_URL !== undefined && { url: GATEHOUSE_URL }),
    ...(GATEHOUSE_TOKEN !== undefined && { token: GATEHOUSE_TOKEN }),
  }
}

/** @throws StartRefused */
export function readDemoProviderPort(source: Source): number {
  const port = portOf(set(source).DEMO_PROVIDER_PORT)
  if (port === undefined) throw new StartRefused(badPort)
  return port
}

const badPort = 'DEMO_PROVIDER_PORT must be a port number, 0 to 65535'

function portOf(text = '4010'): number | undefined {
  const port = Number(text)
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined
}

/** An empty variable is one that is not set: that is what an unfilled line of an .env file gives. */
function set(source: Source): Record<string, string> {
  const entries = Object.entries(source).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return Object.fromEntries(entries)
}
