import { ForeignKeyConstraintViolationException } from '@mikro-orm/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOrganization } from '../../../control-plane/bootstrap.ts'
import { BadUserInput, Refusal } from '../../../control-plane/graphql/errors.ts'
import { OrganizationPublisher } from '../../../control-plane/publisher/organization-publisher.ts'
import { ConfigurationCompiler } from '../../../data-plane/config/compile.ts'
import { PinnedKeys } from '../../../data-plane/config/pinned-keys.ts'
import { reachHead } from '../../../data-plane/config/reach.ts'
import type { Replica } from '../../../data-plane/config/replica.ts'
import { openTrusted, readHead, type Trust } from '../../../data-plane/config/verify.ts'
import { orderStages } from '../../../data-plane/pipeline/stages.ts'
import { createMemoryTransport } from '../../../transport/memory/create.ts'
import type { Transport } from '../../../transport/transport.ts'
import { createInstallation, type Installation, quietServices, silentLog } from '../organization.ts'
import { documentsOfRows, publishedDocuments } from './documents-of-rows.ts'
import { draw, groundwork, mutationNames, perform, seldomAccepted } from './mutations.ts'
import { enrol } from './policy-mutations.ts'
import { type Draw, Tenant } from './tenant.ts'

let installation: Installation
let transport: Transport
beforeAll(async () => {
  installation = await createInstallation()
  transport = createMemoryTransport()
})
afterAll(async () => {
  await transport.close()
  await installation.close()
})

const accepted = new Set<string>()
const refused = new Set<string>()

/** A data plane follows the configuration by deltas, and beside it a new one starts from the snapshot each time. */
class Follower {
  readonly #tenant: Tenant
  readonly #publisher: OrganizationPublisher
  readonly #trust: Trust
  #replica: Replica | undefined

  constructor(tenant: Tenant) {
    const { database, secrets } = installation
    const deps = { database, secrets, transport: transport.controlPlane(), log: silentLog, now: Date.now }
    this.#tenant = tenant
    this.#publisher = new OrganizationPublisher(deps, tenant.organizationId)
    this.#trust = {
      organizationId: tenant.organizationId,
      controlPlane: PinnedKeys.of({ ...installation.signingKey.publicJwk }),
    }
  }

  async follow(): Promise<void> {
    await this.#publisher.sync()
    const { config } = transport.dataPlane(this.#tenant.organizationId, 'dp_test')
    const envelope = (await config.readHead()) ?? ''
    const head = readHead(openTrusted('gatehouse/config-head', envelope, this.#trust), this.#trust)
    const byDeltas = await reachHead(head, config, this.#trust, this.#replica)
    const bySnapshot = await reachHead(head, config, this.#trust, undefined)
    this.#replica = byDeltas.replica
    compileAll(byDeltas.replica, this.#tenant.organizationId)
    compileAll(bySnapshot.replica, this.#tenant.organizationId)
  }
}

function compileAll({ index, ...version }: Replica, organizationId: string): void {
  const options = { organizationId, ...version, revoked: new Set<string>() }
  const configuration = new ConfigurationCompiler().compile(index, options)
  orderStages(configuration.plugins, new Set(['block-words']))
  const providers = [...index.entities()].filter(({ kind }) => kind === 'provider').length
  for (const entity of index.entities()) {
    if (entity.kind !== 'virtual_key') continue
    for (const { digest } of entity.secretDigests) {
      const key = configuration.keyByDigest(digest)
      // A key without its provider or its owner would be governed by less than its operator believes.
      expect(key?.grants).toHaveLength(entity.allowAllProviders ? providers : entity.providerConfigs.length)
      expect(key?.principal).toMatchObject({ organizationId })
    }
  }
}

async function createTenant(): Promise<Tenant> {
  const { database } = installation
  const { organizationId, workspaceId } = await createOrganization(database, {
    name: 'Acme',
    requireApprovalForHeaderChanges: false,
  })
  const context = quietServices(installation)
  const tenant = new Tenant(context, organizationId, workspaceId)
  const { id } = await enrol(tenant)
  await database.transaction(organizationId, (em) =>
    em.execute('update data_planes set last_seen_at = now(), plugins = ?::jsonb where id = ?', [
      JSON.stringify(reportedPlugins),
      id,
    ]),
  )
  for (const step of groundwork) await perform(tenant, step)
  return tenant
}

const anyConfig = { type: 'object' }
const reportedPlugins = ['header-filter', 'budget', 'block-words'].map((name) => ({
  name,
  version: '1.0.0',
  builtin: name !== 'block-words',
  configSchema: anyConfig,
}))

/** What the API refuses is part of the sequence; what it fails at is a bug. */
async function attempt(tenant: Tenant, step: Draw): Promise<void> {
  try {
    await perform(tenant, step)
    accepted.add(step.mutation)
  } catch (error) {
    const isRefusal = error instanceof Refusal || error instanceof BadUserInput
    // What is referred to may be deleted between the look and the insert: the database then refuses the insert.
    if (!isRefusal && !(error instanceof ForeignKeyConstraintViolationException)) throw error
    refused.add(step.mutation)
  }
}

async function assertToldAsStored({ context, organizationId }: Tenant): Promise<void> {
  const { stored, told } = await context.database.transaction(organizationId, async (em) => ({
    stored: await documentsOfRows(em),
    told: await publishedDocuments(em),
  }))
  expect(told).toEqual(stored)
}

describe('whatever the API accepts', () => {
  it('a data plane accepts too, one mutation after the other', async () => {
    const property = fc.asyncProperty(fc.array(draw, { minLength: 40, maxLength: 60 }), async (steps) => {
      const tenant = await createTenant()
      const follower = new Follower(tenant)
      for (const [index, step] of steps.entries()) {
        await attempt(tenant, step)
        if (index % 8 === 0) await follower.follow()
      }
      for (const step of seldomAccepted) await attempt(tenant, step)
      await follower.follow()
      await assertToldAsStored(tenant)
    })
    await fc.assert(property, { seed: 20_261, numRuns: 10, endOnFailure: true })
    expect(mutationNames.filter((name) => !accepted.has(name))).toEqual([])
    expect(refused.size).toBeGreaterThan(mutationNames.length / 2)
  }, 60_000)

  it('a data plane accepts too, when mutations run at once, and hears what the database holds', async () => {
    const rounds = fc.array(fc.array(draw, { minLength: 4, maxLength: 6 }), { minLength: 8, maxLength: 12 })
    const property = fc.asyncProperty(rounds, async (batches) => {
      const tenant = await createTenant()
      const follower = new Follower(tenant)
      for (const batch of batches) {
        const outcomes = await Promise.allSettled(batch.map((step) => attempt(tenant, step)))
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
        await follower.follow()
      }
      await assertToldAsStored(tenant)
    })
    await fc.assert(property, { seed: 20_262, numRuns: 12, endOnFailure: true })
  }, 60_000)
})
