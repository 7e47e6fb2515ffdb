import Type, { type Static } from 'typebox'
import { spreadCharges } from '../../contract/charges.ts'
import { CallFinished, DataPlaneEvent } from '../../contract/events.ts'
import { LeaseRequest } from '../../contract/leases.ts'
import { ContractViolation, checkerOf, parserOf } from '../../contract/validation.ts'
import { LineDamaged, openLine } from './journal-line.ts'

const closed = { additionalProperties: false } as const

/** A place in the journal: everything before it has been shipped. */
export const Position = Type.Object(
  { segment: Type.Integer({ minimum: 1 }), offset: Type.Integer({ minimum: 0 }) },
  closed,
)

/** What is left of a lease once the calls that have ended are paid. */
export const LeaseState = Type.Object(
  {
    leaseId: Type.String(),
    budgetId: Type.String(),
    remainingNanoUsd: Type.Integer(),
    windowEndsAt: Type.Union([Type.Integer(), Type.Null()]),
  },
  closed,
)

/** One line of the journal; its only member says what it is. */
export const JournalRecord = Type.Union([
  /** A provider is about to be asked. Holds the event that becomes true when no other end is written. */
  Type.Object({ intent: CallFinished }, closed),
  /** Something the control plane has to know. */
  Type.Object({ event: DataPlaneEvent }, closed),
  Type.Object({ asked: LeaseRequest }, closed),
  Type.Object(
    { granted: Type.Object({ requestId: Type.String(), leases: Type.Array(LeaseState) }, closed) },
    closed,
  ),
  Type.Object({ shipped: Position }, closed),
  /** The first line of a segment: all that still matters of the segments before it, but for unshipped events. */
  Type.Object(
    {
      checkpoint: Type.Object(
        {
          intents: Type.Array(CallFinished),
          leases: Type.Array(LeaseState),
          asks: Type.Array(LeaseRequest),
          shipped: Position,
        },
        closed,
      ),
    },
    closed,
  ),
])

export type Position = Static<typeof Position>
export type LeaseState = Static<typeof LeaseState>
export type JournalRecord = Static<typeof JournalRecord>
export type Checkpoint = Extract<JournalRecord, { checkpoint: unknown }>['checkpoint']

export function isSamePosition(a: Position, b: Position): boolean {
  return a.segment === b.segment && a.offset === b.offset
}

/** @throws ContractViolation */
export const parseCallFinished = parserOf('record of a call', CallFinished)

const check = checkerOf('journal record', JournalRecord)

/** @param line without its line feed. @throws LineDamaged */
export function parseRecord(line: Buffer): JournalRecord {
  try {
    return check(spread(JSON.parse(`${openLine(line)}}`)))
  } catch (error) {
    if (error instanceof SyntaxError) throw new LineDamaged('it is no JSON')
    if (error instanceof ContractViolation) throw new LineDamaged(error.message)
    throw error
  }
}

/** The record with one charge for each lease; what is wrong with it is left for the check to refuse. */
function spread(record: unknown): unknown {
  if (!isObject(record)) return record
  if ('intent' in record) return { ...record, intent: spreadIn(record.intent) }
  if ('event' in record) return { ...record, event: spreadIn(record.event) }
  if (!('checkpoint' in record) || !isObject(record.checkpoint)) return record
  const { checkpoint } = record
  if (!('intents' in checkpoint) || !Array.isArray(checkpoint.intents)) return record
  return { ...record, checkpoint: { ...checkpoint, intents: checkpoint.intents.map(spreadIn) } }
}

function spreadIn(event: unknown): unknown {
  return isObject(event) ? spreadCharges(event) : event
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
