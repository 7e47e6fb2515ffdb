import type { Command } from 'commander'
import { readClientEnv, readDataDir } from '../env.ts'
import { type ControlPlane, controlPlaneAt } from './control-plane.ts'
import { CommandFailed } from './failures.ts'

export interface ConnectionOptions {
  readonly url?: string
  readonly token?: string
}

/** Gives a command the flags that say which control plane it asks, and as whom. */
export function withConnection(command: Command): Command {
  return command
    .option('--url <url>', 'the control plane; otherwise GATEHOUSE_URL, otherwise that of "gatehouse up"')
    .option('--token <token>', 'an API token; otherwise GATEHOUSE_TOKEN, which no list of processes shows')
}

/**
 * The control plane that flags, the environment or, when neither names one, the data dir of `gatehouse up` say.
 * The token of the data dir goes nowhere but to its own control plane.
 *
 * @throws CommandFailed when something is missing.
 */
export async function connect(
  options: ConnectionOptions,
  source: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ControlPlane> {
  const env = readClientEnv(source)
  const named = options.url ?? env.url
  const given = options.token ?? env.token
  const quickstart = named === undefined || given === undefined ? await readOwnQuickstart(source) : undefined
  const url = named === undefined ? quickstart?.graphqlUrl : graphqlUrl(named)
  if (url === undefined) {
    throw new CommandFailed('Which control plane? Give --url or GATEHOUSE_URL, or run "gatehouse up" here', 2)
  }
  const token = given ?? (quickstart?.graphqlUrl === url ? quickstart.adminToken : undefined)
  if (token === undefined) throw new CommandFailed(`${url} needs a token: give GATEHOUSE_TOKEN or --token`, 2)
  return controlPlaneAt(url, token)
}

/** Loaded when it is needed: no command is to wait for what reads it. */
async function readOwnQuickstart(source: Readonly<Record<string, string | undefined>>) {
  const { readQuickstart } = await import('../up/quickstart.ts')
  return readQuickstart(readDataDir(source))
}

function graphqlUrl(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CommandFailed(`"${text}" is no http or https URL, such as "http://127.0.0.1:4000"`, 2)
  }
  if (url.pathname === '/') url.pathname = '/graphql'
  return url.href
}
