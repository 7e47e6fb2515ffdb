import { describe, expect, it } from 'vitest'
import { readEvents } from '../../contract/read-events.ts'
import { callFinished } from '../control-plane/spending-data-plane.ts'

const read = (charges: unknown) => {
  const [event] = readEvents(JSON.stringify([{ ...callFinished({}), charges }]))
  return event?.type === 'call.finished' ? event.charges : undefined
}

describe('the charges of a call', () => {
  it('are read lease by lease, whether leases that are charged as much stand together or, as before 0.2, alone', () => {
    const alone = [
      { leaseId: 'lea_1', nanoUsd: 42 },
      { leaseId: 'lea_2', nanoUsd: 42 },
      { leaseId: 'lea_3', nanoUsd: 7 },
    ]
    expect(read(alone)).toEqual(alone)
    expect(
      read([
        { leaseIds: ['lea_1', 'lea_2'], nanoUsd: 42 },
        { leaseIds: ['lea_3'], nanoUsd: 7 },
      ]),
    ).toEqual(alone)
    expect(read([])).toEqual([])
  })

  it.each([
    ['no list', { leaseIds: ['lea_1'], nanoUsd: 42 }],
    ['a charge of no lease', [{ nanoUsd: 42 }]],
    ['leases that are no list', [{ leaseIds: 'lea_1', nanoUsd: 42 }]],
    ['a lease that is no id', [{ leaseIds: [7], nanoUsd: 42 }]],
    ['less than nothing', [{ leaseIds: ['lea_1'], nanoUsd: -1 }]],
    ['an unknown member', [{ leaseIds: ['lea_1'], nanoUsd: 42, currency: 'EUR' }]],
    ['two ways of naming leases', [{ leaseIds: ['lea_1'], leaseId: 'lea_2', nanoUsd: 42 }]],
    ['nothing at all', [null]],
  ])('are refused with %s', (_, charges) => {
    expect(() => read(charges)).toThrow(/event batch rejected at \/0 \(call.finished\): \/charges/)
  })
})
