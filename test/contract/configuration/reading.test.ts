import { describe, expect, it } from 'vitest'
import type { Entity } from '../../../contract/configuration/entities.ts'
import { readEntity } from '../../../contract/configuration/reading.ts'
import { ContractViolation } from '../../../contract/validation.ts'
import {
  budget,
  model,
  provider,
  providerKey,
  team,
  user,
  virtualKey,
} from '../../data-plane/config/entities.ts'

const key = virtualKey('vk_1')
const role: Entity = { kind: 'role', id: 'role_1', operations: ['chat'] }

describe('what a later release says may be skipped', () => {
  it('members that are named and not known', () => {
    const { entity, ignored } = readEntity({ ...key, ...{ hint: 1, tone: 2 }, advisory: ['hint', 'tone'] })
    expect(entity).toEqual(key)
    expect(ignored).toEqual(['virtual_key.hint', 'virtual_key.tone'])
  })

  it('an entity of a kind that is not known', () => {
    const raw = { kind: 'routing_hint', id: 'rh_1', ...{ weight: 3 } }
    expect(readEntity({ ...raw, advisory: true })).toMatchObject({
      entity: undefined,
      ignored: ['routing_hint'],
      heldBack: undefined,
    })
  })

  it('is as it was where everything is known', () => {
    const { entity, ignored } = readEntity(key)
    expect(entity).toBe(key)
    expect(ignored).toEqual([])
  })
})

describe('what nobody may skip, whatever the document says', () => {
  it('a member that this release knows', () => {
    const limited = { ...budget('bud_1', 'team', 'team_1'), advisory: ['limitNanoUsd', 'owner'] }
    expect(readEntity(limited)).toMatchObject({ entity: { limitNanoUsd: '1000000000' }, ignored: [] })
    const unreadable = { ...limited, limitNanoUsd: 'a lot' }
    expect(() => readEntity(unreadable)).toThrow(ContractViolation)
  })

  it('an unknown member that is not named, beside one that is', () => {
    const raw = { ...budget('bud_1', 'team', 'team_1'), ...{ hint: 1, hardStop: true }, advisory: ['hint'] }
    expect(() => readEntity(raw)).toThrow(
      'budget/bud_1 cannot be read by this release: /hardStop: unknown member',
    )
  })

  it('a kind of price, of today or to come: a model is held back that costs more than is seen', () => {
    if (model.kind !== 'model') return expect.unreachable('the test needs a model')
    const prices = { ...model.prices, videoNanoUsd: 1 }
    for (const raw of [
      { ...model, prices },
      { ...model, scheduledPrices: [{ from: 1, prices }] },
    ]) {
      expect(readEntity(raw)).toMatchObject({ entity: undefined, heldBack: { kind: 'model', id: model.id } })
    }
  })

  it('a member inside of a member', () => {
    const access = {
      allowedModels: [],
      deniedModels: [],
      allowedProviders: [],
      deniedProviders: [],
      hours: [],
    }
    expect(readEntity({ ...user, ...{ access }, advisory: ['hours', 'access'] }).heldBack).toBeDefined()
  })

  it('a known kind, of which everything is said to be advisory', () => {
    expect(() => readEntity({ ...team, ...{ curfew: 1 }, advisory: true })).toThrow(/team\/team_1.*curfew/)
  })

  it('a kind that is not known and says nothing, or names members alone', () => {
    const raw = { kind: 'token_limit', id: 'tl_1' }
    for (const unmarked of [raw, { ...raw, advisory: ['kind'] }]) {
      expect(() => readEntity(unmarked)).toThrow(
        'token_limit/tl_1 is of a kind that this release does not know',
      )
    }
  })
})

describe('what cannot be read and only allows', () => {
  it.each([key, user, role, provider, providerKey, model])('is held back alone: $kind', (entity) => {
    const { entity: served, heldBack } = readEntity({ ...entity, ...{ curfew: '22:00' } })
    expect(served).toBeUndefined()
    expect(heldBack).toMatchObject({
      kind: entity.kind,
      id: entity.id,
      heldBack: `${entity.kind}/${entity.id} cannot be read by this release: /curfew: unknown member`,
    })
  })

  it('is not held back when it does not even show what it is', () => {
    const { secretDigests: _, ...nameless } = key
    expect(() => readEntity({ ...nameless, ...{ curfew: '22:00' } })).toThrow(ContractViolation)
  })
})
