import { setTimeout } from 'node:timers/promises'
import { ForeignKeyConstraintViolationException } from '@mikro-orm/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOrganization } from '../../../control-plane/bootstrap.ts'
import { asOneRevision } from '../../../control-plane/change.ts'
import { BadUserInput, Refusal } from '../../../control-plane/graphql/errors.ts'
import {
  readClientConfiguration,
  updateClientConfiguration,
} from '../../../control-plane/modules/client-configuration/service.ts'
import { updateOrganization } from '../../../control-plane/modules/organizations/service.ts'
import { assignRole, assignRoles } from '../../../control-plane/modules/roles/assignments.ts'
import { readRoleGraph } from '../../../control-plane/modules/roles/graph.ts'
import { updateRole } from '../../../control-plane/modules/roles/service.ts'
import { joinTransaction } from '../../../control-plane/service-context.ts'
import { createInstallation, type Installation, quietServices } from '../organization.ts'
import { documentsOfRows, publishedDocuments } from './documents-of-rows.ts'
import { hierarchyMutations } from './hierarchy-mutations.ts'
import { roleMutations, rollBack } from './role-mutations.ts'
import { type Draw, type Perform, Tenant } from './tenant.ts'

let installation: Installation
let now = Date.now()
beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

const ofUsers = Object.entries(hierarchyMutations).filter(([name]) => /User$/.test(name))
const mutations: Readonly<Record<string, Perform>> = { ...Object.fromEntries(ofUsers), ...roleMutations }
const names = Object.keys(mutations)

const alone: Readonly<Record<string, Perform>> = {
  ...mutations,
  rollBack: (tenant, [a]) => rollBack(tenant, a),
  // Assignments end, so that the roles that they are of can be deleted.
  waitForDays: async () => {
    now += 24 * 3_600_000
  },
}

const pick = fc.nat(11)
const drawOf = (mutation: fc.Arbitrary<string>): fc.Arbitrary<Draw> =>
  fc.record({ mutation, picks: fc.tuple(pick, pick, pick, pick) })

const groundwork: readonly Draw[] = [
  { mutation: 'createUser', picks: [0, 0, 0, 0] },
  { mutation: 'createUser', picks: [1, 0, 0, 0] },
  { mutation: 'createRole', picks: [0, 0, 1, 1] },
  { mutation: 'assignRole', picks: [0, 2, 1, 0] },
]

const accepted = new Set<string>()

async function createTenant(): Promise<Tenant> {
  const context = quietServices(installation, () => now)
  const created = await createOrganization(installation.database, { name: 'Acme' })
  const tenant = new Tenant(context, created.organizationId, created.workspaceId)
  for (const step of groundwork) await alone[step.mutation]?.(tenant, step.picks)
  return tenant
}

async function attempt(tenant: Tenant, { mutation, picks }: Draw): Promise<void> {
  try {
    await alone[mutation]?.(tenant, picks)
    accepted.add(mutation)
  } catch (error) {
    const isRefusal = error instanceof Refusal || error instanceof BadUserInput
    // What is referred to may be deleted between the look and the insert: the database then refuses the insert.
    if (!isRefusal && !(error instanceof ForeignKeyConstraintViolationException)) throw error
  }
}

async function assertToldAsStored({ context, organizationId }: Tenant, after: unknown): Promise<void> {
  const { stored, told } = await context.database.transaction(organizationId, async (em) => ({
    stored: await documentsOfRows(em),
    told: await publishedDocuments(em),
  }))
  expect(told, JSON.stringify(after)).toEqual(stored)
}

async function lastUser({ context, organizationId }: Tenant): Promise<string> {
  const [user] = await context.database.transaction(organizationId, (em) =>
    em.execute<{ id: string }[]>('select id from users order by id desc'),
  )
  return user?.id ?? ''
}

async function give(tenant: Tenant): Promise<unknown> {
  const userId = await lastUser(tenant)
  return assignRole(tenant.context, tenant.actor, { userId, roleId: 'role_developer' })
}

function changeRole({ context, actor }: Tenant): Promise<unknown> {
  return updateRole(context, actor, { id: 'role_developer', permissions: ['inference:images'] })
}

describe('what data planes hear of roles is what the rows say, while roles govern inference, and else nothing', () => {
  it('after each of any mutations, a roll-back among them [X0-02]', async () => {
    const draws = fc.array(drawOf(fc.constantFrom(...Object.keys(alone))), { minLength: 30, maxLength: 40 })
    const property = fc.asyncProperty(draws, async (steps) => {
      const tenant = await createTenant()
      for (const step of steps) {
        await attempt(tenant, step)
        await assertToldAsStored(tenant, step)
      }
    })
    await fc.assert(property, { seed: 20_263, numRuns: 12, endOnFailure: true })
    expect(Object.keys(alone).filter((name) => !accepted.has(name))).toEqual([])
  }, 120_000)

  it('after a role is deleted with assignments that have ended', async () => {
    const tenant = await createTenant()
    const steps: Draw[] = [
      { mutation: 'governByRoles', picks: [1, 0, 0, 0] },
      { mutation: 'createRole', picks: [1, 0, 1, 1] },
      { mutation: 'assignRole', picks: [0, 10, 0, 0] },
      { mutation: 'waitForDays', picks: [0, 0, 0, 0] },
      { mutation: 'deleteRole', picks: [0, 0, 0, 0] },
    ]
    for (const { mutation, picks } of steps) await alone[mutation]?.(tenant, picks)
    await assertToldAsStored(tenant, steps)
  })

  it.each([true, false])('after a roll-back that would change the setting and leaves it %j', async (now) => {
    const tenant = await createTenant()
    const { context, actor } = tenant
    await updateClientConfiguration(context, actor, { rolesGovernInference: !now })
    // To let through more headers again takes two.
    const settings = { rolesGovernInference: now, allowedHeaders: ['authorization'] }
    await updateClientConfiguration(context, actor, settings)
    await rollBack(tenant, 0)
    expect(await readClientConfiguration(context, actor)).toMatchObject(settings)
    await assertToldAsStored(tenant, 'a roll-back')
  })

  it.each<[string, Perform]>([
    ['somebody is given a role', (tenant) => give(tenant)],
    ['a role is changed', (tenant) => changeRole(tenant)],
  ])('when roles begin to govern while %s', async (_, change) => {
    const tenant = await createTenant()
    const [changed, committing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const changing = tenant.context.database.transaction(tenant.organizationId, async (em) => {
      await change(new Tenant(joinTransaction(tenant.context, em), tenant.organizationId, ''), [0, 0, 0, 0])
      changed.resolve()
      await committing.promise
    })
    await changed.promise
    const switching = mutations.governByRoles?.(tenant, [1, 0, 0, 0])
    // It has had the time to read what is there by now.
    await setTimeout(500)
    committing.resolve()
    await Promise.all([changing, switching])
    await assertToldAsStored(tenant, change)
  })

  it('when a role is changed while somebody, whose roles were read before, is given one', async () => {
    const tenant = await createTenant()
    const { context, organizationId, actor } = tenant
    await mutations.governByRoles?.(tenant, [1, 0, 0, 0])
    const userId = await lastUser(tenant)
    await context.database.transaction(organizationId, async (em) => {
      await readRoleGraph(em)
      await changeRole(tenant)
      await assignRoles(context, em, actor, [{ userId, roleId: 'role_viewer' }])
    })
    await assertToldAsStored(tenant, 'an assignment')
  })

  it('when one revision is made of several changes', async () => {
    const tenant = await createTenant()
    const { context, organizationId, actor } = tenant
    await mutations.governByRoles?.(tenant, [1, 0, 0, 0])
    await context.database.transaction(organizationId, (em) =>
      asOneRevision(em, actor, async () => {
        const joined = new Tenant(joinTransaction(context, em), organizationId, '')
        await changeRole(joined)
        await give(joined)
        await updateOrganization(joined.context, actor, { name: 'Acme Inc.' })
      }),
    )
    await assertToldAsStored(tenant, 'one revision')
  })

  it('when they run at once', async () => {
    const batch = fc.array(drawOf(fc.constantFrom(...names)), { minLength: 4, maxLength: 6 })
    const property = fc.asyncProperty(fc.array(batch, { minLength: 8, maxLength: 12 }), async (batches) => {
      const tenant = await createTenant()
      for (const steps of batches) {
        const outcomes = await Promise.allSettled(steps.map((step) => attempt(tenant, step)))
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
        await assertToldAsStored(tenant, steps)
      }
    })
    await fc.assert(property, { seed: 20_264, numRuns: 12, endOnFailure: true })
  }, 120_000)
})
