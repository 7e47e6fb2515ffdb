import { hash } from 'node:crypto'
import Type, { type Static } from 'typebox'
import type { DataPlaneEvent } from './events.ts'
import { readEvents } from './read-events.ts'
import {
  type KeyLookup,
  open,
  SignatureRefused,
  type Signers,
  type SigningKey,
  seal,
  sealByAll,
} from './signed.ts'
import { parserOf } from './validation.ts'

/**
 * A data plane sends no more batches than this before one of them is confirmed. A control plane therefore never takes for
 * lost what is still to come: its patience with a gap is a multiple of it.
 */
export const maxUnconfirmedBatches = 64

const Id = Type.String({ minLength: 1, maxLength: 128 })

/** What a data plane says of a batch of events before it says the events. */
const BatchHead = Type.Object(
  {
    format: Type.Literal(1),
    organizationId: Id,
    dataPlaneId: Id,
    /** One run of the data plane's process; a later run's sorts behind it. */
    incarnation: Id,
    /** Counts this data plane's batches from 1 within `incarnation`, so that a gap is seen. */
    sequence: Type.Integer({ minimum: 1 }),
  },
  { additionalProperties: false },
)
export type BatchHead = Static<typeof BatchHead>

/** Events that happened, or those that become true when nothing more is heard of the calls that they tell of. */
export type BatchType = 'gatehouse/events' | 'gatehouse/intents'

/** What travels on the event stream, delivered at least once. */
export interface EventBatch extends BatchHead {
  readonly events: readonly DataPlaneEvent[]
}

const SignedHead = Type.Object(
  { ...BatchHead.properties, eventsSha256: Type.String() },
  { additionalProperties: false },
)
const parseHead = parserOf('head of an event batch', SignedHead)

/**
 * A batch as it is sent: the signed head, which holds the SHA-256 of the rest, a line feed, and the events. Hashed and
 * not signed whole, because Ed25519 reads what it signs twice and an envelope would carry it as base64.
 *
 * @param events JSON of each, a comma between each two
 */
export function sealBatch(
  head: BatchHead,
  events: Buffer,
  key: SigningKey,
  type: BatchType = 'gatehouse/events',
): Buffer {
  const eventsSha256 = hash('sha256', events)
  const envelope = seal(type, JSON.stringify({ ...head, eventsSha256 }), key)
  return Buffer.concat([Buffer.from(`${envelope}\n`), events])
}

/**
 * @throws SignatureRefused when a known data plane did not sign it just so
 * @throws ContractViolation when what it signed is no batch
 */
export function openBatch(
  text: string,
  keys: KeyLookup,
  type: BatchType = 'gatehouse/events',
): { batch: EventBatch; keyId: string } {
  const headEnd = text.indexOf('\n')
  if (headEnd < 0) throw new SignatureRefused('not a signed batch')
  const { payload, keyId } = open(type, text.slice(0, headEnd), keys)
  const { eventsSha256, ...head } = parseHead(payload)
  const events = text.slice(headEnd + 1)
  if (hash('sha256', events) !== eventsSha256)
    throw new SignatureRefused('the events are not those that were signed')
  return { batch: { ...head, events: readEvents(`[${events}]`) }, keyId }
}

/** The control plane's word that a data plane's batches are in its database, so that the data plane may forget them. */
const EventConfirmation = Type.Object(
  {
    format: Type.Literal(1),
    organizationId: Id,
    dataPlaneId: Id,
    incarnation: Id,
    /** Every batch of the incarnation up to this one is taken in. */
    sequence: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
)
export type EventConfirmation = Static<typeof EventConfirmation>

const parseConfirmation = parserOf('confirmation of events', EventConfirmation)

export function sealConfirmation(confirmation: EventConfirmation, signers: Signers): string {
  return sealByAll('gatehouse/events-confirmation', JSON.stringify(confirmation), signers)
}

/**
 * @throws SignatureRefused when the control plane did not sign it
 * @throws ContractViolation
 */
export function openConfirmation(text: string, keys: KeyLookup): EventConfirmation {
  return parseConfirmation(open('gatehouse/events-confirmation', text, keys).payload)
}
