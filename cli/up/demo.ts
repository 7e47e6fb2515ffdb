import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createOrganization, issueAdminToken } from '../../control-plane/bootstrap.ts'
import type { Database } from '../../control-plane/db/database.ts'
import { graphqlApi } from '../demo/graphql-api.ts'
import { addOpenai } from '../demo/openai.ts'
import { moveDemoProvider, seedDemo } from '../demo/seed.ts'
import { writePrivateFile } from './data-dir.ts'
import { type Quickstart, quickstartPath, readQuickstart, writeQuickstart } from './quickstart.ts'

export type Addresses = Pick<Quickstart, 'pageUrl' | 'graphqlUrl' | 'dataPlaneUrl' | 'statusUrl'>

interface DemoOptions {
  readonly dataDir: string
  readonly database: Database
  readonly openaiApiKey: string | undefined
  readonly announce: (line: string) => void
}

/** `<data dir>/setup.json`: how far the first start has come. It is there until quickstart.json is. */
interface Setup {
  readonly adminToken?: string
}

/** The organization of an embedded database, made on the first start. */
export async function ensureOrganization(database: Database, dataDir: string): Promise<string> {
  const [existing] = await database.organizationIds()
  if (existing !== undefined) return existing
  // What an earlier database left: its token and key mean nothing to this one.
  await rm(quickstartPath(dataDir), { force: true })
  await writeSetup(dataDir, {})
  // One person tries things out here, and could not find a second one.
  const demo = { name: 'Demo', requireApprovalForHeaderChanges: false }
  const { organizationId } = await createOrganization(database, demo)
  return organizationId
}

/**
 * Fills a new organization with the demo, or finds what an earlier start made. Undefined when quickstart.json was
 * removed, since the token in it cannot be read again, or when that token was revoked.
 */
export async function prepareDemo(
  options: DemoOptions,
  organizationId: string,
  addresses: Addresses,
  providerBaseUrl: string,
): Promise<Quickstart | undefined> {
  const { dataDir, announce, openaiApiKey } = options
  const known = await readQuickstart(dataDir)
  const setup = await readSetup(dataDir)
  const adminToken = setup ? await tokenOfSetup(options, organizationId, setup) : known?.adminToken
  if (adminToken === undefined) {
    announce(`${quickstartPath(dataDir)} is gone: "gatehouse create-admin-token" makes a new token`)
    return undefined
  }
  const api = graphqlApi(addresses.graphqlUrl, adminToken)
  if (!(await api.isAccepted())) {
    announce(
      `${quickstartPath(dataDir)} holds a revoked token: "gatehouse create-admin-token" makes a new one`,
    )
    return undefined
  }
  const quickstart =
    known && !setup
      ? { ...known, ...addresses }
      : { ...addresses, adminToken, ...(await seedDemo(api, providerBaseUrl)) }
  await moveDemoProvider(api, providerBaseUrl)
  if (openaiApiKey !== undefined && (await addOpenai(api, openaiApiKey))) {
    announce('OpenAI     added as provider "openai"; the demo key may use it: openai/<model>')
  }
  return quickstart
}

/** Scripts take the file for the sign that everything in it works: it comes last. */
export async function completeDemo(dataDir: string, quickstart: Quickstart): Promise<void> {
  await writeQuickstart(dataDir, quickstart)
  await rm(setupPath(dataDir), { force: true })
}

/** The token of a first start that has not come to its end, issued once however often it is begun. */
async function tokenOfSetup(
  { dataDir, database }: DemoOptions,
  organizationId: string,
  setup: Setup,
): Promise<string> {
  if (setup.adminToken !== undefined) return setup.adminToken
  const adminToken = await issueAdminToken(database, organizationId, 'quickstart')
  await writeSetup(dataDir, { adminToken })
  return adminToken
}

function setupPath(dataDir: string): string {
  return join(dataDir, 'setup.json')
}

function writeSetup(dataDir: string, setup: Setup): Promise<void> {
  return writePrivateFile(setupPath(dataDir), `${JSON.stringify(setup)}\n`)
}

async function readSetup(dataDir: string): Promise<Setup | undefined> {
  const path = setupPath(dataDir)
  return existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as Setup) : undefined
}
