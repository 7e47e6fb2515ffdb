import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseSnapshot } from '../../../contract/configuration/documents.ts'
import type { Entity, Team } from '../../../contract/configuration/entities.ts'
import { ConfigurationTree } from '../../../contract/configuration/tree.ts'
import { changeConfiguration } from '../../../control-plane/publisher/revision.ts'
import { readRevisionsAfter } from '../../../control-plane/publisher/revisions.ts'
import { readWholeConfiguration } from '../../../control-plane/publisher/whole-configuration.ts'
import { createInstallation, createOrganization, type Installation } from '../organization.ts'

let installation: Installation
beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

const team = (id: string, name: string): Team => ({
  kind: 'team',
  id,
  workspaceId: 'ws_1',
  customerId: null,
  businessUnitId: null,
  name,
})

describe('changeConfiguration', () => {
  it('gives concurrent mutations strictly ordered revisions without a gap, in the order of their commits', async () => {
    const { database } = installation
    const organizationId = await createOrganization(installation)
    const committed: number[] = []
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const fails = index % 5 === 4
        const mutation = database.transaction(organizationId, async (em) => {
          const revision = await changeConfiguration(em, organizationId, {
            upserts: [team(`team_${index % 7}`, `named by ${index}`)],
          })
          if (fails) throw new Error('rolled back')
          return revision
        })
        if (fails) await expect(mutation).rejects.toThrow('rolled back')
        else committed.push(await mutation)
      }),
    )
    expect(committed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 48 }, (_, index) => index + 2))

    const { revisions, configuration } = await database.transaction(organizationId, async (em) => ({
      revisions: await readRevisionsAfter(em, organizationId, { epoch: 1, revision: 0 }, 1_000),
      configuration: await readWholeConfiguration(em, organizationId),
    }))
    expect(revisions.map(({ revision }) => revision)).toEqual(Array.from({ length: 49 }, (_, i) => i + 1))
    expect(configuration?.version.revision).toBe(49)
    // Replaying the changes in the order of their revisions gives what is materialised: each saw its predecessors.
    const replayed = new ConfigurationTree()
    for (const { changes } of revisions) for (const entity of changes.upserts) replayed.set(entity)
    expect(replayed.root()).toBe(configuration?.version.hash)
  })

  it('refuses an entity that data planes would refuse, and then changes nothing', async () => {
    const { database } = installation
    const organizationId = await createOrganization(installation)
    const invalid = { ...team('team_1', 'A'), surprise: true } as Entity
    const mutation = database.transaction(organizationId, (em) =>
      changeConfiguration(em, organizationId, { upserts: [team('team_2', 'B'), invalid] }),
    )
    await expect(mutation).rejects.toThrow(/configuration entity rejected/)
    const configuration = await database.transaction(organizationId, (em) =>
      readWholeConfiguration(em, organizationId),
    )
    expect(configuration?.version.revision).toBe(1)
    const { entities } = parseSnapshot(configuration?.snapshot ?? '')
    expect(entities.map(({ kind }) => kind)).toEqual(['organization'])
  })

  it('cannot write into another organization', async () => {
    const { database } = installation
    const own = await createOrganization(installation)
    const foreign = await createOrganization(installation)
    const mutation = database.transaction(own, (em) =>
      changeConfiguration(em, foreign, { upserts: [team('team_1', 'planted')] }),
    )
    await expect(mutation).rejects.toThrow(/row-level security/)
  })
})
