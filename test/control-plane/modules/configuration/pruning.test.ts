import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  claimHistory,
  requireRevisionsSince,
} from '../../../../control-plane/modules/configuration/kept-history.ts'
import { pruneHistory, startHistoryPruning } from '../../../../control-plane/modules/configuration/pruning.ts'
import { createMemoryTransport } from '../../../../transport/memory/create.ts'
import { eventually } from '../../../transport/poll.ts'
import { read, type Tenant } from '../../api.ts'
import { silentLog } from '../../organization.ts'
import { createTeam, type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const dayMs = 24 * 60 * 60 * 1000
const updateTeam: Mutation = {
  field: 'updateTeam',
  input: 'UpdateTeamInput',
  selection: '... on Team { id }',
}
const rollBack: Mutation = {
  field: 'rollBackConfiguration',
  input: 'RollBackConfigurationInput',
  selection: '... on RolledBackConfiguration { revision { revision } changes { name } }',
}

interface Revision {
  readonly revision: number
  readonly at: string
  readonly changes: readonly { readonly name: string; readonly action: string }[]
}

let api: TenantApi
beforeAll(async () => {
  api = await startTenantApi()
})
afterAll(() => api.close())

let teamId: string
let names = 0
/** A team with four revisions: created, then renamed thrice. */
beforeEach(async () => {
  const input = { workspaceId: api.tenant.workspaceId, name: `team ${++names}` }
  teamId = (await api.mutate(createTeam, input)).id
  for (const name of ['second', 'third', 'fourth']) {
    await api.mutate(updateTeam, { id: teamId, name: `${name} ${names}` })
  }
})

const database = () => api.api.controlPlane.database
const own = () => api.tenant.organizationId

async function revisions({ token }: Pick<Tenant, 'token'> = api.tenant): Promise<Revision[]> {
  const { data } = await api.api.ask(
    token,
    '{ configurationRevisions(first: 100) { edges { node { revision at changes { name action } } } } }',
  )
  const { edges } = read<{ edges: { node: Revision }[] }>(data, 'configurationRevisions')
  return edges.map(({ node }) => node)
}

/** Deletes all that is older than a moment, in batches of two. */
async function pruneBefore(before: Date, organizationId = own()): Promise<void> {
  let batches = 0
  while (await pruneHistory(database(), organizationId, before, 2)) {
    if (++batches > 1_000) throw new Error('pruning does not come to an end')
  }
}

/** Deletes what came before the team's last but one change. */
async function keepLastTwo(): Promise<readonly Revision[]> {
  const [last, lastButOne] = await revisions()
  if (!last || !lastButOne) throw new Error('there are no revisions')
  await pruneBefore(new Date(lastButOne.at))
  return [last, lastButOne]
}

/** One look of a control plane whose clock is so many days ahead. */
async function pruneAfterDays(days: number): Promise<void> {
  const { services } = api.api.controlPlane
  const pruning = startHistoryPruning({
    ...{ database: database(), secrets: services.secrets, log: silentLog, configurationHistoryDays: 90 },
    transport: createMemoryTransport().controlPlane(),
    now: () => Date.now() + days * dayMs,
  })
  await pruning.stop()
}

const count = async (table: string, organizationId = own()) => {
  const [row] = await database().transaction(organizationId, (em) =>
    em.execute<{ count: string }[]>(`select count(*) from ${table}`),
  )
  return Number(row?.count)
}

const configuration = async () => {
  const answer = await api.query<{ configuration: { revision: number; hash: string | null } }>(
    '{ configuration { revision hash } }',
  )
  return answer.configuration
}

describe('the history of the configuration', () => {
  it('ends after so many days, but for what is configured now', async () => {
    const before = await revisions()
    expect(before.length).toBeGreaterThan(3)
    await pruneAfterDays(89)
    expect(await revisions()).toEqual(before)
    await pruneAfterDays(91)
    expect(await revisions()).toEqual(before.slice(0, 1))
    expect(await api.configured('team')).toContainEqual(expect.objectContaining({ name: `fourth ${names}` }))
  })

  it('goes on without a gap: data planes are told of the next change', async () => {
    await pruneAfterDays(91)
    await api.mutate(updateTeam, { id: teamId, name: `fifth ${names}` })
    const { revision } = await configuration()
    const published = async () => (await configuration()).hash ?? undefined
    expect(await eventually('the next change is published', published)).toMatch(/^[0-9a-f]{64}$/)
    expect((await revisions()).map((one) => one.revision)).toEqual([revision, revision - 1])
  })

  it('tells the oldest revision that is left as whole as before, and goes back to it', async () => {
    const all = await revisions()
    const documents = await api.configured('team')
    const [last, lastButOne] = await keepLastTwo()
    expect(await revisions()).toEqual(all.slice(0, 2))
    expect(lastButOne?.changes).toEqual([{ name: `third ${names}`, action: 'UPDATED' }])
    await api.mutate(rollBack, { revision: lastButOne?.revision })
    const { team } = await api.query<{ team: object }>('query($id: ID!) { team(id: $id) { name } }', {
      id: teamId,
    })
    expect(team).toEqual({ name: `third ${names}` })
    await api.mutate(rollBack, { revision: last?.revision })
    expect(await api.configured('team')).toEqual(documents)
  })

  it('refuses to go back to what it does not know whole, and names the oldest that is left', async () => {
    const [last, lastButOne] = await keepLastTwo()
    const revision = (lastButOne?.revision ?? 0) - 1
    const refused = await api.mutate(rollBack, { revision })
    expect(refused).toMatchObject({ __typename: 'RevisionNotKept', code: 'REVISION_NOT_KEPT' })
    expect(refused.message).toContain(`begins with revision ${lastButOne?.revision}`)
    expect((await configuration()).revision).toBe(last?.revision)
    expect(await api.mutate(rollBack, { revision: 0 })).toMatchObject({ code: 'NOT_FOUND' })
    const { errors } = await api.api.ask(
      api.tenant.token,
      `{ configurationRevision(epoch: 1, revision: ${revision}) { changes { name } } }`,
    )
    expect(errors[0]?.message).toContain(`begins with epoch 1, revision ${lastButOne?.revision}`)
  })

  it('leaves no row behind that only a forgotten revision would read', async () => {
    const images = await count('row_images')
    await keepLastTwo()
    const left = await count('row_images')
    expect(left).toBeLessThan(images)
    // The two renamings that are left.
    expect(left).toBe(2)
  })

  it('is kept from where a data plane that is seen stands, and not for one that is gone', async () => {
    const [last] = await revisions()
    const dataPlaneId = `dp_${names}`
    const runs = (revision: number, seenAt: Date) =>
      database().transaction(own(), (em) =>
        em.execute(
          `insert into data_planes (org_id, id, name, version, signing_key, sealing_key, enrolled_at,
             applied_epoch, applied_revision, last_seen_at)
           values (?, ?, 'slow', '1.0.0', '{}', '{}', now(), 1, ?, ?)
           on conflict (id) do update set last_seen_at = excluded.last_seen_at`,
          [own(), dataPlaneId, revision, seenAt],
        ),
      )
    const runsRevision = (last?.revision ?? 0) - 2
    const future = Date.now() + 91 * dayMs
    await runs(runsRevision, new Date(future))
    await pruneAfterDays(91)
    expect((await revisions()).map(({ revision }) => revision)).toEqual([runsRevision + 2, runsRevision + 1])
    await runs(runsRevision, new Date(0))
    await pruneAfterDays(91)
    expect((await revisions()).map(({ revision }) => revision)).toEqual([last?.revision])
  })

  it('is shortened by one control plane at a time, and not while somebody reads it', async () => {
    const before = await revisions()
    await database().transaction(own(), async (em) => {
      expect(await claimHistory(em, own())).toBe(true)
      await pruneAfterDays(91)
    })
    expect(await revisions()).toEqual(before)
    await database().transaction(own(), async (em) => {
      await requireRevisionsSince(em, own(), { epoch: 1, revision: before[0]?.revision ?? 0 })
      await pruneAfterDays(91)
    })
    expect(await revisions()).toEqual(before)
    await pruneAfterDays(91)
    expect(await revisions()).toHaveLength(1)
  })

  it('of another organization is not touched', async () => {
    const foreign = await api.api.createTenant('Foreign')
    await api.api.ask(foreign.token, 'mutation { createWorkspace(input: { name: "second" }) { __typename } }')
    const before = await revisions(foreign)
    const images = await count('row_images', foreign.organizationId)
    expect(before.length).toBeGreaterThan(1)
    await pruneBefore(new Date(Date.now() + dayMs))
    expect(await revisions(foreign)).toEqual(before)
    expect(await count('row_images', foreign.organizationId)).toBe(images)
  })

  it('of what data planes ran ends too', async () => {
    const applied = (id: string, at: Date) =>
      database().transaction(own(), async (em) => {
        await em.execute(
          `insert into data_planes (org_id, id, name, version, signing_key, sealing_key, enrolled_at)
           values (?, 'dp_reports', 'eu-1', '1.0.0', '{}', '{}', now()) on conflict do nothing`,
          [own()],
        )
        await em.execute(
          `insert into configuration_applications (id, org_id, data_plane_id, epoch, revision, at)
           values (?, ?, 'dp_reports', 1, 1, ?)`,
          [id, own(), at],
        )
      })
    await applied('app_old', new Date(Date.now() - 91 * dayMs))
    await applied('app_new', new Date())
    await pruneAfterDays(0)
    const left = await database().transaction(own(), (em) =>
      em.execute<{ id: string }[]>('select id from configuration_applications'),
    )
    expect(left).toEqual([{ id: 'app_new' }])
  })
})
