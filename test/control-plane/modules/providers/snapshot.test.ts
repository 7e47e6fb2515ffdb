import { expect, it } from 'vitest'
import { readEntity } from '../../../../contract/configuration/reading.ts'
import type { Provider, WhenCallerLeaves } from '../../../../control-plane/modules/providers/entity.ts'
import { providerSnapshot } from '../../../../control-plane/modules/providers/snapshot.ts'

const snapshotOf = (whenCallerLeaves: WhenCallerLeaves) =>
  providerSnapshot({
    ...{ id: 'prov_1', name: 'openai', baseUrl: 'https://api.openai.com/v1', allowPrivateNetwork: false },
    ...{ active: true, connectTimeoutMs: 1, idleTimeoutMs: 1, whenCallerLeaves },
  } as Provider)

it('what becomes of abandoned answers is no reason for an older data plane to hold a provider back', () => {
  for (const policy of ['abort', 'drain'] as const) {
    const { whenCallerLeaves, ...rest } = snapshotOf(policy)
    expect(whenCallerLeaves).toBe(policy)
    // As one reads it that knows no such member, and one that does.
    const unknown = { ...rest, unheardOf: policy, advisory: ['unheardOf'] }
    expect(readEntity(unknown)).toMatchObject({ heldBack: undefined })
    expect(readEntity(snapshotOf(policy)).entity).toMatchObject({ whenCallerLeaves: policy })
    expect(rest.advisory).toEqual(['whenCallerLeaves'])
  }
})

it('what is heard out for a while, as ever, says nothing of it', () => {
  expect(snapshotOf('drain_capped')).not.toHaveProperty('whenCallerLeaves')
  expect(snapshotOf('drain_capped')).not.toHaveProperty('advisory')
})
