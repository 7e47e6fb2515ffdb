import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { StartRefused } from '../start-refused.ts'
import { writePrivateFile } from './data-dir.ts'

/** What a newcomer or a script needs for a first call; the only file that holds these two secrets in clear. */
const Quickstart = Type.Object({
  /** Of the console. */
  pageUrl: Type.String(),
  graphqlUrl: Type.String(),
  /** Without `/v1`. */
  dataPlaneUrl: Type.String(),
  statusUrl: Type.String(),
  adminToken: Type.String(),
  virtualKey: Type.String(),
  /** What the virtual key may ask for. */
  models: Type.Array(Type.String()),
})
export type Quickstart = Static<typeof Quickstart>

const validator = Compile(Quickstart)

export function quickstartPath(dataDir: string): string {
  return join(dataDir, 'quickstart.json')
}

export async function readQuickstart(dataDir: string): Promise<Quickstart | undefined> {
  const path = quickstartPath(dataDir)
  if (!existsSync(path)) return undefined
  const refused = new StartRefused(
    `${path} is damaged: remove it, then "gatehouse create-admin-token" makes a new token`,
  )
  let document: unknown
  try {
    document = JSON.parse(await readFile(path, 'utf8'))
  } catch {
    throw refused
  }
  if (!validator.Check(document)) throw refused
  return document
}

export function writeQuickstart(dataDir: string, quickstart: Quickstart): Promise<void> {
  return writePrivateFile(quickstartPath(dataDir), `${JSON.stringify(quickstart, null, 2)}\n`)
}

/** What `gatehouse up` says once everything answers. */
export function describeQuickstart(quickstart: Quickstart, dataDir: string): string {
  const { pageUrl, graphqlUrl, dataPlaneUrl, statusUrl, adminToken, virtualKey, models } = quickstart
  const body = JSON.stringify({ model: models[0], messages: [{ role: 'user', content: 'Hello' }] })
  return `
Gatehouse is running.

  Console      ${pageUrl}  (sign in with the admin token)
  GraphQL      ${graphqlUrl}  (editor at ${pageUrl}graphiql)
  Admin token  ${adminToken}
  Data plane   ${dataPlaneUrl}
  Status       ${statusUrl}
  Demo key     ${virtualKey}

A first call:

  curl ${dataPlaneUrl}/v1/chat/completions \\
    -H 'Authorization: Bearer ${virtualKey}' \\
    -H 'Content-Type: application/json' \\
    -d '${body}'

The same is in ${quickstartPath(dataDir)}. Ctrl-C stops everything.
`
}
