import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { GatehouseProcess } from '../../acceptance/gatehouse-process.ts'
import {
  type ApprovalWorld,
  startApprovalWorld,
} from '../../control-plane/modules/access-changes/approval-world.ts'
import { createDatabase } from '../../environment/index.ts'

let world: ApprovalWorld
/** Of a `gatehouse up` that there is not: whatever the command did without DATABASE_URL would be here. */
let dataDir: string

beforeAll(async () => {
  world = await startApprovalWorld()
  dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'))
}, 60_000)
beforeEach(async () => {
  await world.stop()
  await world.require()
})
afterAll(async () => {
  rmSync(dataDir, { recursive: true, force: true })
  await world.setup.close()
})

const databaseUrl = () => world.setup.api.testDatabase.applicationUrl
const organizationId = () => world.setup.tenant.organizationId
const stop = (args: readonly string[] = [], url = databaseUrl()) =>
  new GatehouseProcess(['stop-access-approval', ...args], {
    ...{ DATABASE_URL: url, GATEHOUSE_DATA_DIR: dataDir, NO_COLOR: '1' },
  }).finished
const createRole = (name: string) =>
  world.mutate(world.ada, 'createRole', { name, permissions: ['teams:view'] })
const isRequired = async () => (await world.sql('select org_id from access_approvals')).length > 0

// Each command is a process of its own, which takes its time on a busy machine.
const patience = { timeout: 60_000 }

describe('gatehouse stop-access-approval', patience, () => {
  it('has changes made at once from then on, leaves what waits, and is on record; again there is nothing to do', async () => {
    const waiting = await world.request(world.ada, 'createRole', {
      ...{ name: 'waits', permissions: ['teams:view'] },
    })
    expect(await stop()).toEqual({ code: 0, stdout: 'No second person is needed any more\n', stderr: '' })
    expect(await createRole('at once')).toMatchObject({ __typename: 'Role' })
    const [event] = await world.audited('access_approval.set')
    expect(event).toMatchObject({
      ...{ actor: { name: 'Gatehouse' }, outcome: 'succeeded' },
      details: { requireApprovalForAccessChanges: false },
    })
    expect(await world.decide(world.ben, 'approve', waiting.id)).toMatchObject({ status: 'APPROVED' })

    const events = (await world.audited('access_approval.set')).length
    expect(await stop()).toEqual({ code: 0, stdout: 'No second person was needed\n', stderr: '' })
    expect(await world.audited('access_approval.set')).toHaveLength(events)
  })

  it('stops nothing in an organization that there is not', async () => {
    expect(await stop(['--organization', 'org_nobody'])).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: `There is no organization "org_nobody": there are ${organizationId()}\n`,
    })
    expect(await isRequired()).toBe(true)
  })

  it('asks which organization where there are several, and stops that one alone', async () => {
    const other = await world.setup.api.createTenant('Globex')
    const { code, stdout, stderr } = await stop()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Say which organization with --organization: org_\w+, org_\w+\n$/)
    for (const id of [organizationId(), other.organizationId]) expect(stderr).toContain(id)
    expect(await isRequired()).toBe(true)

    expect(await stop(['--organization', other.organizationId])).toMatchObject({
      ...{ code: 0, stdout: 'No second person was needed\n' },
    })
    expect(await isRequired()).toBe(true)
    expect(await stop(['--organization', organizationId()])).toMatchObject({
      ...{ code: 0, stdout: 'No second person is needed any more\n' },
    })
    expect(await isRequired()).toBe(false)
  })

  it('says that a database holds no organization, for it is another one than was meant', async () => {
    const empty = await createDatabase()
    const { code, stdout, stderr } = await stop([], empty.applicationUrl)
    await empty.drop()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^There is no organization in this database: .*DATABASE_URL.*\n$/)
  })

  it('says in a line that nobody answers where the database should be, or that there is none of its name', async () => {
    const port = await freePort()
    const nobody = await stop([], `postgres://gatehouse:password@127.0.0.1:${port}/gatehouse`)
    expect(nobody).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: `Nothing answers at 127.0.0.1:${port}: is the server that the URL names running?\n`,
    })
    const unknown = new URL(databaseUrl())
    unknown.pathname = '/nowhere'
    const { code, stdout, stderr } = await stop([], unknown.href)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^.*database "nowhere" does not exist\n$/)
    expect(stderr).not.toContain(unknown.password)
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}
