import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connect } from '../../../cli/client/connection.ts'
import { ExportConfiguration } from '../../../cli/configuration-file/documents.ts'
import { writeQuickstart } from '../../../cli/up/quickstart.ts'

let directory: string
let server: Server
let url: string
let asked: (string | undefined)[]

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-connection-'))
  asked = []
  server = createServer((request, response) => {
    asked.push(request.headers.authorization)
    response.end('{"data":{"configurationFile":{"document":{},"warnings":[]}}}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.close()
  rmSync(directory, { recursive: true, force: true })
})

async function quickstartOf(graphqlUrl: string): Promise<void> {
  const { pageUrl, dataPlaneUrl, statusUrl } = { pageUrl: url, dataPlaneUrl: url, statusUrl: url }
  const rest = { pageUrl, dataPlaneUrl, statusUrl, virtualKey: 'key', models: [] }
  await writeQuickstart(directory, { graphqlUrl, adminToken: 'from-quickstart', ...rest })
}

const source = (more: Record<string, string> = {}) => ({ GATEHOUSE_DATA_DIR: directory, ...more })

it('flags come before the environment, and that before the data dir', async () => {
  await quickstartOf(`${url}/graphql`)
  const environment = source({ GATEHOUSE_URL: url, GATEHOUSE_TOKEN: 'from-environment' })
  await (await connect({ token: 'from-flag' }, environment)).run(ExportConfiguration, {})
  await (await connect({}, environment)).run(ExportConfiguration, {})
  await (await connect({}, source())).run(ExportConfiguration, {})
  expect(asked).toEqual(['Bearer from-flag', 'Bearer from-environment', 'Bearer from-quickstart'])
})

it('the token of the data dir goes to its own control plane and to no other', async () => {
  await quickstartOf('http://127.0.0.1:1/graphql')
  await expect(connect({ url }, source())).rejects.toThrow('needs a token')
  expect(asked).toEqual([])
})

it('nothing to ask is said with the way out', async () => {
  await expect(connect({}, source())).rejects.toThrow('--url or GATEHOUSE_URL')
  await expect(connect({ url: 'localhost:4000' }, source())).rejects.toThrow('no http or https URL')
})
