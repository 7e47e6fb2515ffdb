import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { GatehouseProcess } from './gatehouse-process.ts'
import { type Planes, runGatehouse, startPlanes } from './planes.ts'
import { type Restored, restoreBackup } from './restored-backup.ts'

let planes: Planes
let restored: Restored

/** PostgreSQL's own copy of a database stands for a backup. `npm run prove` does the same with pg_dump. */
beforeAll(async () => {
  const { superuserUrl } = inject('servers').postgres
  planes = await startPlanes({ superuserUrl, dataPlanes: 2 })
  const { ownerUrl, applicationUrl } = planes.database
  const name = new URL(ownerUrl).pathname.slice(1)
  restored = await restoreBackup(planes, {
    save: () => execute(superuserUrl, `create database ${name}_backup template ${name}`),
    async restore() {
      await execute(superuserUrl, `drop database ${name} with (force)`)
      await execute(superuserUrl, `alter database ${name}_backup rename to ${name}`)
      await runGatehouse(['restore'], { DATABASE_URL: applicationUrl })
    },
  })
}, 120_000)
afterAll(() => planes?.stop())

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

describe('a database that was restored from a backup', () => {
  it('begins an epoch above all before it, which every data plane follows: what the backup holds is served, and nothing else', () => {
    const [epoch = 0] = restored.epochs
    expect(restored.epochs).toEqual([epoch, epoch])
    expect(epoch).toBeGreaterThan(Math.max(...restored.epochBefore))
    expect(restored.statusOfKept).toEqual([200, 200])
    expect(restored.statusOfLost).toEqual([401, 401])
  })

  it('is not left for the lineage that ended, when its head and log are played back: `dataPlanes` says so', () => {
    expect(restored.refusals).toHaveLength(2)
    for (const reason of restored.refusals) {
      expect(reason).toMatch(
        /^head is at epoch 1, revision \d+, of a lineage that ended: epoch \d+ was already seen$/,
      )
    }
  })

  it('takes in what happens from then on, once, though data planes gave up what it has forgotten', () => {
    expect(restored.recorded).toBe(restored.made)
  })

  it('is on record, and may be restored again: every restore ends above the one before', async () => {
    const before = restored.epochs[0] ?? 0
    const output = await runGatehouse(['restore'], { DATABASE_URL: planes.database.applicationUrl })
    const epoch = Number(/begins epoch (\d+)/.exec(output)?.[1])
    expect(epoch).toBeGreaterThan(before)
    const { auditEvents } = await planes.graphql<{
      auditEvents: { edges: { node: { details: { epoch: number } } }[] }
    }>('{ auditEvents(first: 10, filter: { type: "database.restored" }) { edges { node { details } } } }')
    expect(auditEvents.edges.map(({ node }) => node.details.epoch)).toEqual([epoch, before])
  })
})

describe('gatehouse restore --from', () => {
  const restore = (args: string[], environment: Record<string, string>) =>
    new GatehouseProcess(['restore', ...args], environment).finished

  it('refuses a database that is in use, naming who has to leave', async () => {
    const { ownerUrl, applicationUrl, applicationRole } = planes.database
    const environment = { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: applicationUrl }
    const { code, stderr } = await restore(['--from', 'package.json'], environment)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      new RegExp(`connections of ${applicationRole} .* are open: stop the control planes first`),
    )
  })

  it('refuses a file that is not there, and --force without one', async () => {
    const { ownerUrl, applicationUrl } = planes.database
    const environment = { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: applicationUrl }
    expect((await restore(['--from', 'nothing.dump'], environment)).stderr).toMatch(
      /There is no backup nothing.dump/,
    )
    expect((await restore(['--force'], environment)).stderr).toMatch(/--force is about what --from restores/)
  })

  it('refuses a database that holds something, and names the program that is missing', async () => {
    await planes.controlPlane.stop()
    const { ownerUrl, applicationUrl } = planes.database
    const environment = { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: applicationUrl }
    const full = await restore(['--from', 'package.json'], environment)
    expect(full.stderr).toMatch(/is not empty \(\d+ tables and sequences\).*--force/)
    const forced = await restore(['--from', 'package.json', '--force'], { ...environment, PATH: '/nowhere' })
    expect(forced.stderr).toMatch(/psql is not on PATH: install PostgreSQL's client programs/)
  })
})
