import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, type Json } from '../../../contract/canonical.ts'
import type { Snapshot } from '../../../contract/configuration/documents.ts'
import type { Entity } from '../../../contract/configuration/entities.ts'
import {
  entitySeparator,
  readSnapshotText,
  snapshotEnd,
  snapshotStart,
} from '../../../contract/configuration/snapshot-text.ts'
import { ContractViolation } from '../../../contract/validation.ts'

const about = {
  format: 1 as const,
  organizationId: 'org_1',
  epoch: 2,
  revision: 7,
  hash: 'a'.repeat(64),
}
const team = (id: string, name: string): Entity => ({
  kind: 'team',
  id,
  workspaceId: 'ws_1',
  customerId: null,
  businessUnitId: null,
  name,
})

function textOf({ entities, ...rest }: Snapshot): string {
  const texts = entities.map((entity) => canonicalJson(entity as Json))
  return `${snapshotStart(rest)}${texts.join(entitySeparator)}${snapshotEnd}`
}

async function read(text: string) {
  let pauses = 0
  const snapshot = await readSnapshotText(text, async () => {
    pauses += 1
  })
  return { snapshot, pauses }
}

describe('the text of a snapshot', () => {
  it('says what it was made of, whatever stands in the names, and any JSON parser reads it', async () => {
    const entities = fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string({ unit: 'binary' })), {
      maxLength: 20,
    })
    await fc.assert(
      fc.asyncProperty(entities, async (all) => {
        const snapshot = { ...about, entities: all.map(([id, name]) => team(id, `${name}\n]}",\n`)) }
        const text = textOf(snapshot)
        expect((await read(text)).snapshot).toEqual(JSON.parse(text))
        expect(JSON.parse(text)).toEqual(snapshot)
      }),
      { seed: 55, numRuns: 100 },
    )
  })

  it('of many entities is read in slices', async () => {
    const entities = Array.from({ length: 5_000 }, (_, index) => team(`team_${index}`, 'x'.repeat(100)))
    const { snapshot, pauses } = await read(textOf({ ...about, entities }))
    expect(snapshot.entities).toEqual(entities)
    expect(pauses).toBeGreaterThan(3)
  })

  it('of another release, on one line, is read too', async () => {
    const snapshot = { ...about, entities: [team('team_1', 'One'), team('team_2', 'Two')] }
    expect((await read(canonicalJson(snapshot as Json))).snapshot).toEqual(snapshot)
  })

  const whole = textOf({ ...about, entities: [team('team_1', 'One'), team('team_2', 'Two')] })

  it.each([
    ['cut off', whole.slice(0, -40)],
    ['cut off and closed', whole.slice(0, -40) + snapshotEnd],
    ['with an entity that has no kind', whole.replace('"kind":"team"', '"kin":"team"')],
    ['with a member that nobody knows', whole.replace('"epoch":2', '"epoch":2,"surprise":true')],
    ['without its hash', whole.replace(/"hash":"a+",/, '')],
  ])('%s is refused', async (_, text) => {
    expect(text).not.toBe(whole)
    await expect(read(text)).rejects.toThrow(ContractViolation)
  })
})
