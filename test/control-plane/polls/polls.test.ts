import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ConfigurationBundle, readBundle } from '../../../contract/configuration/bundle.ts'
import type { Head } from '../../../contract/configuration/documents.ts'
import type { Entity, EntityKey } from '../../../contract/configuration/entities.ts'
import {
  type ConfigurationPoll,
  configurationPollPath,
  type NodeStanding,
  parseRevocationNotice,
  parseRevokedAnswer,
  pollClockSkewMs,
  sealPoll,
} from '../../../contract/configuration-poll.ts'
import { open } from '../../../contract/signed.ts'
import { registerConfigurationPolls } from '../../../control-plane/polls/http.ts'
import { ConfigurationPolls } from '../../../control-plane/polls/polls.ts'
import { changeConfiguration } from '../../../control-plane/publisher/revision.ts'
import type { ConfigChannel } from '../../../transport/config-channel.ts'
import {
  createInstallation,
  createOrganization,
  type EnrolledDataPlane,
  enrol,
  type Installation,
} from '../organization.ts'
import { assemble, viewOf } from '../publisher/data-plane-view.ts'
import { virtualKey } from '../publisher/virtual-key.ts'

let installation: Installation
let fastify: FastifyInstance
let polls: ConfigurationPolls
let dataPlane: EnrolledDataPlane

beforeAll(async () => {
  installation = await createInstallation()
  const { database, secrets } = installation
  polls = new ConfigurationPolls({ database, secrets, now: Date.now })
  fastify = Fastify()
  registerConfigurationPolls(fastify, polls)
})
afterAll(async () => {
  await fastify.close()
  await installation.close()
})
beforeEach(async () => {
  dataPlane = await enrol(installation, await createOrganization(installation))
})

type Changes = Partial<ConfigurationPoll>

function ask(changes: Changes = {}, asked: EnrolledDataPlane = dataPlane, signer = asked) {
  const { organizationId, id: dataPlaneId } = asked
  const nothing = { from: null, offered: null, needsCredentials: false, standing: null }
  const poll = {
    format: 1 as const,
    organizationId,
    dataPlaneId,
    issuedAt: Date.now(),
    ...nothing,
    ...changes,
  }
  return fastify.inject({
    method: 'POST',
    url: configurationPollPath(organizationId, dataPlaneId),
    headers: { 'content-type': 'application/json' },
    payload: sealPoll(poll, { ...signer.signingKey, id: dataPlaneId }),
  })
}

async function poll(changes: Changes = {}): Promise<ConfigurationBundle> {
  const answer = await ask(changes)
  expect(answer.statusCode, answer.body).toBe(200)
  return readBundle(answer.rawPayload)
}

/** The bundle as a store that holds nothing else. */
function channelOf({ head, snapshot, deltas, credentials }: ConfigurationBundle): ConfigChannel {
  return {
    readHead: async () => head,
    readSnapshot: async () => snapshot,
    readDeltas: async () => deltas,
    readCredentials: async () => credentials,
    subscribe: async () => async () => undefined,
  }
}

const viewIn = (bundle: ConfigurationBundle) => viewOf(installation, channelOf(bundle))

async function headOf(bundle: ConfigurationBundle): Promise<Head> {
  const head = await viewIn(bundle).head()
  if (!head) throw new Error('a bundle without a head')
  return head
}

function change(upserts: readonly Entity[], removals: readonly EntityKey[] = []): Promise<number> {
  const { organizationId } = dataPlane
  return installation.database.transaction(organizationId, (em) =>
    changeConfiguration(em, organizationId, { upserts, removals }),
  )
}

describe('a poll is answered from the database, whatever the store holds', () => {
  it('with a snapshot and sealed credentials, for a data plane that has nothing', async () => {
    await change([virtualKey('vk_1')])
    const bundle = await poll()
    const head = await headOf(bundle)
    const { root, entities } = await assemble(channelOf(bundle))
    expect(root).toBe(head.hash)
    expect([...entities.keys()]).toContain('virtual_key/vk_1')
    const credentials = await viewIn(bundle).credentialsOf(dataPlane)
    expect(credentials?.pepper).toBe(installation.secrets.pepper.toString('base64'))
  })

  it('with the deltas since, for one that is behind; revoked keys are named in the head', async () => {
    await change([virtualKey('vk_1')])
    const { epoch, revision } = await headOf(await poll())
    await change([virtualKey('vk_2')])
    await change([virtualKey('vk_1', 'revoked')])
    const bundle = await poll({ from: { epoch, revision }, offered: { epoch, revision } })
    expect(bundle.snapshot).toBeNull()
    expect(bundle.deltas.map((delta) => JSON.parse(delta).revision)).toEqual([revision + 1, revision + 2])
    const head = await headOf(bundle)
    expect(head).toMatchObject({ revision: revision + 2, revoked: ['vk_1'] })
    expect(JSON.parse(bundle.deltas[1] ?? '').hash).toBe(head.hash)
  })

  it('with the snapshot read before and the deltas since, for the next one that has nothing', async () => {
    const first = await headOf(await poll())
    await change([virtualKey('vk_1')])
    const bundle = await poll()
    expect(JSON.parse(bundle.snapshot ?? '').revision).toBe(first.revision)
    expect((await assemble(channelOf(bundle))).root).toBe((await headOf(bundle)).hash)
  })

  it('with a snapshot, for one of another epoch', async () => {
    const { epoch, revision } = await headOf(await poll())
    const other = { epoch: epoch - 1, revision: revision - 1 }
    expect((await poll({ from: other, offered: other })).snapshot).not.toBeNull()
  })

  it('as soon as a commit is heard of, for one that waits', async () => {
    const { epoch, revision } = await headOf(await poll())
    const current = { epoch, revision }
    const waiting = poll({ from: current, offered: current })
    await change([virtualKey('vk_1')])
    polls.wake(dataPlane.organizationId)
    const bundle = await waiting
    expect((await headOf(bundle)).revision).toBe(revision + 1)
    expect(bundle.deltas).toHaveLength(1)
  })

  it('after a while with a newly signed head and nothing else, when nothing changes', async () => {
    const { epoch, revision, issuedAt } = await headOf(await poll())
    const current = { epoch, revision }
    const bundle = await poll({ from: current, offered: current })
    expect(bundle).toMatchObject({ snapshot: null, deltas: [], credentials: null })
    const head = await headOf(bundle)
    expect(head).toMatchObject({ epoch, revision })
    expect(head.issuedAt).toBeGreaterThan(issuedAt)
  })

  it('at once with credentials, for one that lacks them', async () => {
    const { epoch, revision } = await headOf(await poll())
    const current = { epoch, revision }
    const bundle = await poll({ from: current, offered: current, needsCredentials: true })
    expect(await viewIn(bundle).credentialsOf(dataPlane)).toMatchObject({ dataPlaneId: dataPlane.id })
  })

  it('a data plane waits once: its earlier poll is answered when the next one comes', async () => {
    const { epoch, revision } = await headOf(await poll())
    const current = { epoch, revision }
    const waits = { from: current, offered: current }
    const answers = await Promise.all([poll(waits), poll(waits), poll({ ...waits, needsCredentials: true })])
    for (const bundle of answers) expect((await headOf(bundle)).revision).toBe(revision)
  })
})

describe('what a data plane says with its poll', () => {
  const standing = (changes: Partial<NodeStanding> = {}): NodeStanding => ({
    at: Date.now(),
    version: '1.2.3',
    appliedEpoch: 1,
    appliedRevision: 2,
    appliedHash: 'b'.repeat(64),
    status: 'applied',
    error: null,
    ...changes,
  })
  const recorded = async () => {
    const [row] = await installation.database.transaction(dataPlane.organizationId, (em) =>
      em.execute('select * from data_planes where id = ?', [dataPlane.id]),
    )
    return row
  }

  it('counts as its report, and leaves the plugins as they were reported', async () => {
    await installation.database.transaction(dataPlane.organizationId, (em) =>
      em.execute(`update data_planes set plugins = '[{"name":"auth"}]' where id = ?`, [dataPlane.id]),
    )
    await poll({ standing: standing() })
    expect(await recorded()).toMatchObject({
      apply_status: 'applied',
      applied_revision: '2',
      version: '1.2.3',
      plugins: [{ name: 'auth' }],
    })
    expect((await recorded())?.last_seen_at).not.toBeNull()
  })

  it('a refusal with its reason too; an older word of it changes nothing', async () => {
    const refused = standing({ status: 'refused', error: 'delta 3 is missing' })
    await poll({ standing: refused })
    await poll({ standing: standing({ at: refused.at - 1_000 }) })
    expect(await recorded()).toMatchObject({ apply_status: 'refused', last_error: 'delta 3 is missing' })
  })
})

describe('a poll is refused', () => {
  const revoke = () =>
    installation.database.transaction(dataPlane.organizationId, (em) =>
      em.execute('update data_planes set revoked_at = now() where id = ?', [dataPlane.id]),
    )

  it.each<[string, () => Promise<{ statusCode: number; body: string }>]>([
    ['of a data plane that is not enrolled', () => ask({}, { ...dataPlane, id: 'dp_unknown' })],
    ['in the name of another organization', () => ask({}, { ...dataPlane, organizationId: 'org_other' })],
    ['whose payload names another data plane', () => ask({ dataPlaneId: 'dp_other' })],
    ['that was signed long ago', () => ask({ issuedAt: Date.now() - pollClockSkewMs - 5_000 })],
    ['that was signed in the future', () => ask({ issuedAt: Date.now() + pollClockSkewMs + 5_000 })],
    [
      'that another data plane signed',
      async () => ask({}, dataPlane, await enrol(installation, dataPlane.organizationId)),
    ],
  ])('%s', async (_, send) => {
    const { statusCode, body } = await send()
    expect(statusCode).toBe(401)
    expect(JSON.parse(body).error.type).toBe('poll_refused')
  })

  it('of a data plane that was revoked, with a signed notice of that and nothing else', async () => {
    await revoke()
    const answer = await ask()
    expect(answer.statusCode).toBe(403)
    const { notice } = parseRevokedAnswer(answer.body)
    const { find } = await installation.database.transaction(dataPlane.organizationId, (em) =>
      installation.secrets.signers.read(em),
    )
    const { payload } = open('gatehouse/data-plane-revoked', notice, find)
    expect(parseRevocationNotice(payload)).toEqual({
      format: 1,
      organizationId: dataPlane.organizationId,
      dataPlaneId: dataPlane.id,
    })
  })

  it('of somebody else in the name of one that was revoked, without a notice', async () => {
    await revoke()
    const other = await enrol(installation, dataPlane.organizationId)
    expect((await ask({}, dataPlane, other)).statusCode).toBe(401)
  })

  it('that is none, or longer than any', async () => {
    const url = configurationPollPath(dataPlane.organizationId, dataPlane.id)
    const send = (payload: string) => fastify.inject({ method: 'POST', url, payload })
    expect((await send('hello')).statusCode).toBe(401)
    expect((await send('')).statusCode).toBe(401)
    expect((await send('x'.repeat(20_000))).statusCode).toBe(413)
  })
})
