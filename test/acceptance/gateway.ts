import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatehouseProcess } from './gatehouse-process.ts'

/** What `quickstart.json` promises to a script. */
export interface Quickstart {
  readonly pageUrl: string
  readonly graphqlUrl: string
  readonly dataPlaneUrl: string
  readonly statusUrl: string
  readonly adminToken: string
  readonly virtualKey: string
  readonly models: readonly string[]
}

export interface Gateway extends Quickstart {
  readonly dataDir: string
  readonly process: GatehouseProcess
  /** What the provider was asked, by its own log. */
  providerCalls(): ProviderCall[]
  graphql<Data>(query: string, variables?: object, token?: string): Promise<Data>
  stop(): Promise<void>
}

export interface ProviderCall {
  /** RFC 3339. */
  readonly at: string
  readonly path: string
  readonly model: string | null
  readonly stream: boolean
  readonly user: string | null
  readonly status: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costNanoUsd: number
}

export function temporaryDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'gatehouse-acceptance-'))
}

/** `gatehouse up` on free ports, ready to serve. */
export async function startGateway(
  options: { dataDir?: string; env?: Record<string, string> } = {},
): Promise<Gateway> {
  const dataDir = options.dataDir ?? temporaryDataDir()
  const quickstartFile = join(dataDir, 'quickstart.json')
  rmSync(quickstartFile, { force: true })
  const process = new GatehouseProcess(['up'], { ...freePorts, GATEHOUSE_DATA_DIR: dataDir, ...options.env })
  await eventually(
    () => existsSync(quickstartFile),
    60_000,
    () => process.output,
    process.finished,
  )
  const quickstart: Quickstart = JSON.parse(readFileSync(quickstartFile, 'utf8'))
  return {
    ...quickstart,
    dataDir,
    process,
    providerCalls: () => readProviderCalls(join(dataDir, 'simulator/calls.ndjson')),
    graphql: (query, variables = {}, token = quickstart.adminToken) =>
      postGraphql(quickstart.graphqlUrl, token, query, variables),
    stop: async () => {
      await process.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export const freePorts = {
  CONTROL_PLANE_PORT: '0',
  DATA_PLANE_PORT: '0',
  DATA_PLANE_STATUS_PORT: '0',
  DEMO_PROVIDER_PORT: '0',
}

export async function postGraphql<Data>(
  url: string,
  token: string,
  query: string,
  variables: object,
): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown }
  if (errors) throw new Error(`GraphQL: ${JSON.stringify(errors)}`)
  return data
}

/** Polls until `condition` holds; ends at once when the process does. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
  explain: () => string = () => '',
  abandoned: Promise<unknown> = new Promise(() => undefined),
): Promise<void> {
  const deadline = Date.now() + limitMs
  let gone = false
  void abandoned.then(() => {
    gone = true
  })
  while (!(await condition())) {
    if (gone) throw new Error(`the process has ended\n${explain()}`)
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms\n${explain()}`)
    await new Promise((next) => setTimeout(next, 10))
  }
}

export function readProviderCalls(path: string): ProviderCall[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line): ProviderCall => JSON.parse(line))
}
