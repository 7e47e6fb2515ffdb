import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { openBatch, openConfirmation, sealBatch, sealConfirmation } from '../../contract/event-batch.ts'
import { SignatureRefused } from '../../contract/signed.ts'
import { ContractViolation } from '../../contract/validation.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const key = { id: 'dp_1', privateKey }
const head = {
  format: 1 as const,
  organizationId: 'org_1',
  dataPlaneId: 'dp_1',
  incarnation: 'run_1',
  sequence: 1,
}
const closing = { type: 'lease.closed', leaseId: 'lease_é' }
const events = Buffer.from([closing, closing].map((event) => JSON.stringify(event)).join(','))
const open = (text: string) => openBatch(text, (id) => (id === 'dp_1' ? publicKey : undefined))
const sealed = sealBatch(head, events, key).toString()

describe('a batch of events', () => {
  it('opens to what was sealed', () => {
    expect(open(sealed)).toEqual({ keyId: 'dp_1', batch: { ...head, events: [closing, closing] } })
    expect(open(sealBatch(head, Buffer.alloc(0), key).toString()).batch.events).toEqual([])
  })

  it('is refused when one of its events was changed, taken away or added', () => {
    const changed = [
      sealed.replace('lease_é', 'lease_x'),
      sealed.slice(0, sealed.lastIndexOf(',')),
      `${sealed},{"type":"lease.closed","leaseId":"lease_2"}`,
    ]
    for (const text of changed) expect(() => open(text)).toThrow(SignatureRefused)
  })

  it('is refused when its head was changed, belongs to other events, or is missing', () => {
    const other = sealBatch({ ...head, sequence: 2 }, Buffer.alloc(0), key).toString()
    const crossed = other.slice(0, other.indexOf('\n')) + sealed.slice(sealed.indexOf('\n'))
    for (const text of [crossed, sealed.slice(sealed.indexOf('\n')), 'no line feed', '']) {
      expect(() => open(text)).toThrow(SignatureRefused)
    }
  })

  it('is refused when what was signed is no batch', () => {
    const unknown = Buffer.from('{"type":"surprise"}')
    expect(() => open(sealBatch(head, unknown, key).toString())).toThrow(ContractViolation)
    expect(() => open(sealBatch({ ...head, sequence: 0 }, events, key).toString())).toThrow(/sequence/)
    expect(() => open(sealBatch(head, Buffer.from('}'), key).toString())).toThrow(/invalid JSON/)
  })
})

describe('a batch of another release', () => {
  const report = {
    ...{
      type: 'node.reported',
      at: 1,
      version: '0.0.9',
      appliedEpoch: 1,
      appliedRevision: 2,
      appliedHash: null,
    },
    ...{ status: 'applied', error: null, plugins: [] },
  }
  const batchOf = (...events: readonly object[]) =>
    sealBatch(head, Buffer.from(events.map((event) => JSON.stringify(event)).join(',')), key).toString()

  it('of the one before is read: what that did not tell yet is absent', () => {
    expect(open(batchOf(report)).batch.events).toEqual([report])
  })

  it('of the one after is read, but for what its reports tell that is not understood here', () => {
    expect(open(batchOf({ ...report, mood: 'fine' }, closing)).batch.events).toEqual([report, closing])
  })

  it.each([
    [{ ...closing, spentNanoUsd: 5 }, '/1 (lease.closed): /spentNanoUsd: unknown member'],
    [{ type: 'lease.split', leaseId: 'l' }, '/1: this release does not know the event "lease.split"'],
    [{ ...report, status: 'dreaming' }, '/1 (node.reported): /status: '],
  ])('is refused whole, by name, with %j', (event, reason) => {
    expect(() => open(batchOf(report, event))).toThrow(`event batch rejected at ${reason}`)
  })
})

describe('a confirmation', () => {
  const confirmation = {
    format: 1 as const,
    organizationId: 'org_1',
    dataPlaneId: 'dp_1',
    incarnation: 'run_1',
    sequence: 7,
  }
  const keys = (id: string) => (id === 'dp_1' ? publicKey : undefined)

  it('opens to what was sealed, and is refused under another signature or as another document', () => {
    expect(openConfirmation(sealConfirmation(confirmation, { keys: [key], succession: [] }), keys)).toEqual(
      confirmation,
    )
    const stranger = { id: 'dp_1', privateKey: generateKeyPairSync('ed25519').privateKey }
    expect(() =>
      openConfirmation(sealConfirmation(confirmation, { keys: [stranger], succession: [] }), keys),
    ).toThrow(SignatureRefused)
    const head = sealed.slice(0, sealed.indexOf('\n'))
    expect(() => openConfirmation(head, keys)).toThrow(SignatureRefused)
  })
})
