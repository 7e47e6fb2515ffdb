import { createClient } from '@redis/client'
import { chat, nodeStatus } from './calls.ts'
import { eventually } from './gateway.ts'
import { issueKey, revokeKey, type TestKey } from './keys.ts'
import type { Plane } from './plane.ts'
import type { Planes } from './planes.ts'

/** How the database is saved and brought back; nothing is connected to it then. */
export interface Backup {
  save(): Promise<void>
  /** Ends with `gatehouse restore`. */
  restore(): Promise<void>
}

export interface Restored {
  /** By data plane. */
  readonly epochBefore: readonly number[]
  readonly epochs: readonly number[]
  /** A key from before the backup, and one that was issued after it. */
  readonly statusOfKept: readonly number[]
  readonly statusOfLost: readonly number[]
  /** What `dataPlanes` says while the head and the log of the lineage that ended lie in Redis again. */
  readonly refusals: readonly string[]
  /** Calls of the kept key, all of them after the restore, and how many of them are recorded. */
  readonly made: number
  readonly recorded: number
}

const limitMs = 30_000

/** A backup, further changes, a restore: and then an attacker who plays back what was published before it. */
export async function restoreBackup(planes: Planes, backup: Backup): Promise<Restored> {
  const kept = await issueKey(planes, planes.demo, { name: 'before the backup' })
  const revoked = await issueKey(planes, planes.demo, { name: 'revoked after the backup' })
  await planes.applied()
  await planes.controlPlane.stop()
  await backup.save()
  await planes.controlPlane.start()

  const lost = await issueKey(planes, planes.demo, { name: 'after the backup' })
  await revokeKey(planes, revoked.id, 'ALL')
  // Their records are confirmed, and with the database they are gone.
  for (const plane of planes.dataPlanes) await chat(plane, lost.secret)
  await untilShipped(planes)
  const lineage = await PublishedLineage.read(planes)
  const epochBefore = await readEpochs(planes)

  await planes.controlPlane.kill()
  await backup.restore()
  await planes.controlPlane.start()
  await untilApplied(planes, epochBefore)
  const statusOfKept = await statuses(planes, kept)
  const statusOfLost = await statuses(planes, lost)
  const refusals = await replay(planes, lineage)
  await untilApplied(planes, epochBefore)
  await untilShipped(planes)
  return {
    ...{ epochBefore, statusOfKept, statusOfLost, refusals },
    epochs: await readEpochs(planes),
    made: statusOfKept.length,
    recorded: await countRecords(planes, kept),
  }
}

/** The head, the snapshot and the log of one moment, as they lie in Redis. */
class PublishedLineage {
  readonly #url: string
  readonly #dumps: ReadonlyMap<string, Buffer>

  private constructor(url: string, dumps: ReadonlyMap<string, Buffer>) {
    this.#url = url
    this.#dumps = dumps
  }

  static async read({ redis: { url } }: Planes): Promise<PublishedLineage> {
    const client = await connect(url)
    const dumps = new Map<string, Buffer>()
    for (const key of await client.keys('*:config:*')) {
      const dump = await client.sendCommand(['DUMP', key], { typeMapping: { 36: Buffer } })
      if (Buffer.isBuffer(dump)) dumps.set(key, dump)
    }
    client.destroy()
    return new PublishedLineage(url, dumps)
  }

  async playBack(): Promise<void> {
    const client = await connect(this.#url)
    for (const [key, dump] of this.#dumps) await client.restore(key, 0, dump, { REPLACE: true })
    client.destroy()
  }
}

async function connect(url: string) {
  const client = createClient({ url })
  await client.connect()
  return client
}

/** The control plane writes the genuine head anew within seconds, so that the attacker has to repeat it. */
async function replay(planes: Planes, lineage: PublishedLineage): Promise<readonly string[]> {
  let refusals: readonly string[] = []
  await eventually(
    async () => {
      await lineage.playBack()
      refusals = (await readFleet(planes)).flatMap(({ nack }) => nack?.reason ?? [])
      return refusals.length === planes.dataPlanes.length
    },
    limitMs,
    () => 'the old lineage is not refused',
  )
  return refusals
}

interface FleetMember {
  readonly status: string
  readonly appliedEpoch: number | null
  readonly nack: { readonly reason: string } | null
}

async function readFleet({ graphql }: Planes): Promise<readonly FleetMember[]> {
  const { dataPlanes } = await graphql<{ dataPlanes: { edges: { node: FleetMember }[] } }>(
    '{ dataPlanes { edges { node { status appliedEpoch nack { reason } } } } }',
  )
  return dataPlanes.edges.map(({ node }) => node)
}

async function readEpochs(planes: Planes): Promise<readonly number[]> {
  return (await readFleet(planes)).map(({ appliedEpoch }) => appliedEpoch ?? 0)
}

function untilApplied(planes: Planes, epochBefore: readonly number[]): Promise<void> {
  return eventually(
    async () => {
      const fleet = await readFleet(planes)
      return fleet.every(
        ({ status, appliedEpoch }, index) =>
          status === 'APPLIED' && (appliedEpoch ?? 0) > (epochBefore[index] ?? 0),
      )
    },
    limitMs,
    () => 'the data planes do not follow the restored database',
  )
}

function untilShipped(planes: Planes): Promise<void> {
  const shipped = async (plane: Plane) => (await nodeStatus(plane)).counters.eventBacklog === 0
  return eventually(
    async () => (await Promise.all(planes.dataPlanes.map(shipped))).every(Boolean),
    limitMs,
    () => 'records stay in the journals',
  )
}

async function statuses(planes: Planes, key: TestKey): Promise<readonly number[]> {
  const calls = planes.dataPlanes.map(async (plane) => (await chat(plane, key.secret)).status)
  return Promise.all(calls)
}

/** Of the calls with this key. */
async function countRecords({ graphql }: Planes, { id }: TestKey): Promise<number> {
  const { usage } = await graphql<{ usage: { edges: unknown[] } }>(
    'query ($id: ID!) { usage(first: 100, filter: { virtualKeyId: $id }) { edges { cursor } } }',
    { id },
  )
  return usage.edges.length
}
