import { createClient } from '@redis/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson, type Json } from '../../../contract/canonical.ts'
import { channels } from '../../../contract/channels.ts'
import { parseSnapshot } from '../../../contract/configuration/documents.ts'
import type { Entity, EntityKey } from '../../../contract/configuration/entities.ts'
import type { BackgroundWork } from '../../../control-plane/background/dependencies.ts'
import { newId } from '../../../control-plane/db/id.ts'
import { providerSecretPlace } from '../../../control-plane/modules/providers/index.ts'
import { startPublisher } from '../../../control-plane/publisher/publisher.ts'
import { changeConfiguration } from '../../../control-plane/publisher/revision.ts'
import { connectRedis } from '../../../transport/redis/connect.ts'
import type { Transport } from '../../../transport/transport.ts'
import { redisUrl } from '../../environment/index.ts'
import { eventually } from '../../transport/poll.ts'
import {
  createInstallation,
  createOrganization,
  enrol,
  type Installation,
  silentLog,
} from '../organization.ts'
import { assemble, viewOf } from './data-plane-view.ts'
import { virtualKey } from './virtual-key.ts'

let installation: Installation
let transport: Transport
let url: string
let organizationId: string
const running: BackgroundWork[] = []

beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

beforeEach(async () => {
  url = await redisUrl()
  transport = await connectRedis(url, { log: silentLog, operationTimeoutMs: 10_000 })
  organizationId = await createOrganization(installation)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((work) => work.stop()))
  await transport.close()
})

function publish(): void {
  const { database, secrets, databaseUrl } = installation
  const deps = { database, secrets, databaseUrl, log: silentLog, now: Date.now }
  running.push(startPublisher({ ...deps, transport: transport.controlPlane() }))
}

function change(upserts: readonly Entity[], removals: readonly EntityKey[] = []): Promise<number> {
  return installation.database.transaction(organizationId, (em) =>
    changeConfiguration(em, organizationId, { upserts, removals }),
  )
}

function channel() {
  return transport.dataPlane(organizationId, 'dp_any').config
}

const view = () => viewOf(installation, channel())

const published = (revision: number) =>
  eventually(`revision ${revision} is published`, async () => {
    const head = await view().head()
    return head && head.revision >= revision ? head : undefined
  })

describe('the publisher', () => {
  it('publishes what was committed so that snapshot and deltas lead to the signed root', async () => {
    publish()
    await published(1)
    for (let index = 0; index < 20; index++) await change([virtualKey(`vk_${index}`)])
    const revision = await change([], ['virtual_key/vk_3'])
    const head = await published(revision)
    const { root, entities } = await assemble(channel())
    expect(root).toBe(head.hash)
    expect(entities.has('virtual_key/vk_3')).toBe(false)
    expect(entities.size).toBe(20)
  })

  it('brings the snapshot up to date after 512 revisions, while publications go on', async () => {
    publish()
    await published(1)
    const snapshotRevision = async () => parseSnapshot((await channel().readSnapshot()) ?? '').revision
    expect(await snapshotRevision()).toBe(1)
    for (let index = 0; index < 520; index += 1) await change([virtualKey(`vk_${index % 7}`)])
    const revision = await eventually('a later snapshot', async () => {
      await change([virtualKey('vk_1', 'inactive')])
      return (await snapshotRevision()) > 1 ? await snapshotRevision() : undefined
    })
    expect(revision).toBeGreaterThan(512)
    const head = await published(await change([virtualKey('vk_1', 'revoked')]))
    expect((await assemble(channel())).root).toBe(head.hash)
  })

  it('keeps one line when several control planes publish at once', async () => {
    publish()
    publish()
    publish()
    let seen = 0
    for (let index = 0; index < 30; index++) {
      await change([virtualKey(`vk_${index % 4}`, index % 2 ? 'active' : 'inactive')])
      const head = await view().head()
      expect(head?.revision ?? 0).toBeGreaterThanOrEqual(seen)
      seen = head?.revision ?? seen
    }
    const head = await published(31)
    expect((await assemble(channel())).root).toBe(head.hash)
  })

  it('names keys that were revoked lately in the head itself', async () => {
    publish()
    await change([virtualKey('vk_1'), virtualKey('vk_2'), virtualKey('vk_3')])
    await change([virtualKey('vk_1', 'revoked')])
    const head = await published(await change([], ['virtual_key/vk_2']))
    expect(head.revoked.toSorted()).toEqual(['vk_1', 'vk_2'])
  })

  it('renews the head, and publishes everything anew once the store was emptied', async () => {
    publish()
    const first = await published(1)
    const renewed = await eventually('the head is renewed', async () => {
      const head = await view().head()
      return head && head.issuedAt > first.issuedAt ? head : undefined
    })
    expect(renewed).toMatchObject({ revision: first.revision, hash: first.hash })
    const client = await createClient({ url }).connect()
    await client.flushDb()
    await client.close()
    await published(1)
    expect((await assemble(channel())).root).toBe(first.hash)
  })

  it('overwrites a head that somebody else put there', async () => {
    publish()
    const first = await published(1)
    const client = await createClient({ url }).connect()
    await client.set(channels.configHead(organizationId), '{"payloadType":"gatehouse/config-head"}')
    await client.close()
    const head = await eventually('a genuine head is back', () =>
      view()
        .head()
        .catch(() => undefined),
    )
    expect(head.hash).toBe(first.hash)
  })

  it('writes everything anew when a data plane refuses the documents that somebody altered', async () => {
    publish()
    const dataPlane = await enrol(installation, organizationId)
    const head = await published(await change([virtualKey('vk_1')]))
    const client = await createClient({ url }).connect()
    await client.set(channels.configSnapshot(organizationId), 'altered')
    await client.del(channels.configDeltas(organizationId))
    await client.close()
    await installation.database.transaction(organizationId, (em) =>
      em.execute(`update data_planes set apply_status = 'refused', last_seen_at = now() where id = ?`, [
        dataPlane.id,
      ]),
    )
    const { root } = await eventually('the snapshot is genuine again', () =>
      assemble(channel()).catch(() => undefined),
    )
    expect(root).toBe(head.hash)
  })

  it('begins a new epoch when the database knows less than what was published: it was restored', async () => {
    publish()
    await change([virtualKey('vk_1')])
    await published(2)
    await Promise.all(running.splice(0).map((work) => work.stop()))
    await installation.database.transaction(organizationId, (em) =>
      em.execute('update config_heads set revision = 1 where org_id = ?', [organizationId]),
    )
    publish()
    const head = await eventually('a head of the next epoch', async () => {
      const current = await view().head()
      return current && current.epoch > 1 ? current : undefined
    })
    expect((await assemble(channel())).root).toBe(head.hash)
  })

  it('begins a new epoch when commits were lost in a failover and others took their numbers before it looked', async () => {
    publish()
    await published(await change([virtualKey('vk_lost')]))
    await installation.database.transaction(organizationId, async (em) => {
      for (const lost of [
        'delete from config_revisions where org_id = ? and revision = 2',
        "delete from config_entities where org_id = ? and id = 'vk_lost'",
        'update config_heads set revision = 1 where org_id = ?',
      ])
        await em.execute(lost, [organizationId])
      for (const id of ['vk_1', 'vk_2'])
        await changeConfiguration(em, organizationId, { upserts: [virtualKey(id)] })
    })
    const head = await eventually('a head of the next epoch', async () => {
      const current = await view().head()
      return current && current.epoch > 1 ? current : undefined
    })
    const { root, entities } = await assemble(channel())
    expect(root).toBe(head.hash)
    expect([...entities.keys()].filter((key) => key.startsWith('virtual_key/')).sort()).toEqual([
      'virtual_key/vk_1',
      'virtual_key/vk_2',
    ])
  })

  it('does not let a head or a delta pass that was tampered with', async () => {
    publish()
    await published(1)
    const genuine = await published(await change([virtualKey('vk_1')]))
    const document = JSON.parse((await channel().readHead()) ?? '')
    const payload = Buffer.from(canonicalJson({ ...genuine, revision: genuine.revision + 1 } as Json))
    const forged = JSON.stringify({ ...document, payload: payload.toString('base64') })
    expect(() => view().openHead(forged)).toThrow(/no valid signature/)

    const client = await createClient({ url }).connect()
    const deltas = channels.configDeltas(organizationId)
    const [entry] = (await client.xRange(deltas, '-', '+')) ?? []
    const tampered = (entry?.message.document ?? '').replace('"name":"vk_1"', '"name":"vk_2"')
    await client.del(deltas)
    await client.xAdd(deltas, entry?.id ?? '', { document: tampered })
    await client.close()
    await expect(assemble(channel())).rejects.toThrow(/is not what its hash says/)
  })
})

describe('credentials', () => {
  it('reach every enrolled data plane sealed, follow the provider secrets, and go when it is revoked', async () => {
    const { database, secrets } = installation
    const dataPlane = await enrol(installation, organizationId)
    const other = await enrol(installation, organizationId)
    publish()
    const before = await eventually('credentials', () => view().credentialsOf(dataPlane))
    expect(before).toMatchObject({ dataPlaneId: dataPlane.id, pepper: secrets.pepper.toString('base64') })
    await changeNoCredentials()
    await addProviderKey('cred_1', 'canary-provider-secret')
    await eventually('the new secret', async () => {
      const credentials = await view().credentialsOf(dataPlane)
      return credentials?.secrets.cred_1 === 'canary-provider-secret'
    })
    const sealedForOther = (await channel().readCredentials(other.id)) ?? ''
    await expect(view().openCredentials(dataPlane, sealedForOther)).rejects.toThrow()

    await changeNoCredentials()
    await database.transaction(organizationId, async (em) => {
      await em.execute('update data_planes set revoked_at = now() where id = ?', [dataPlane.id])
      await changeConfiguration(em, organizationId, { upserts: [], removals: [`data_plane/${dataPlane.id}`] })
    })
    await eventually('its credentials are gone', async () => {
      return (await channel().readCredentials(dataPlane.id)) === null
    })
    expect(await view().credentialsOf(other)).toBeDefined()
  })
})

/** After it the publisher has seen that those in the store are right, and looks again only where they may not be. */
async function changeNoCredentials(): Promise<void> {
  for (const id of ['vk_1', 'vk_2']) await published(await change([virtualKey(id)]))
}

async function addProviderKey(credentialId: string, secret: string): Promise<void> {
  const { database, secrets } = installation
  const [providerId, keyId] = [newId('prov'), newId('pk')]
  await database.transaction(organizationId, async (em) => {
    await em.execute(
      `insert into providers (id, org_id, name, base_url, allow_private_network, active, connect_timeout_ms,
         idle_timeout_ms, when_caller_leaves, created_at)
       values (?, ?, 'demo', 'http://127.0.0.1', true, true, 1000, 1000, 'abort', now())`,
      [providerId, organizationId],
    )
    await em.execute(
      `insert into provider_keys (id, org_id, provider_id, name, weight, active, credential_id, sealed_secret,
         created_at) values (?, ?, ?, 'key', 1, true, ?, ?, now())`,
      [
        keyId,
        organizationId,
        providerId,
        credentialId,
        secrets.sealValue(providerSecretPlace(organizationId, credentialId), secret),
      ],
    )
    const entity: Entity = {
      kind: 'provider_key',
      id: keyId,
      providerId,
      name: 'key',
      weight: 1,
      active: true,
      credentialId,
    }
    await changeConfiguration(em, organizationId, { upserts: [entity] })
  })
}
