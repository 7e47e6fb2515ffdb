import Type, { type TObject } from 'typebox'
import { Compile } from 'typebox/compile'
import { spreadCharges } from './charges.ts'
import {
  CallFinished,
  CallsUnrecorded,
  type DataPlaneEvent,
  JournalDamaged,
  LeaseClosed,
  NodeReported,
} from './events.ts'
import { ContractViolation, describeViolation, parserOf } from './validation.ts'

/*
 * Events of the release before and of the one after. What a call spent and what became of a lease is taken in whole or not
 * at all: a batch with an event that is not understood is refused, stays in the journal of its data plane, and arrives once
 * the control plane is upgraded. A report only tells how a data plane fares: what is not understood of it is left out.
 */

const parseAll = parserOf('event batch', Type.Array(Type.Object({ type: Type.String() })))

const readers = new Map<string, (event: object) => DataPlaneEvent>([
  ['call.finished', readerOf(CallFinished, spreadCharges)],
  ['lease.closed', readerOf(LeaseClosed)],
  ['calls.unrecorded', readerOf(CallsUnrecorded)],
  ['journal.damaged', readerOf(JournalDamaged)],
  ['node.reported', readerOf(NodeReported, (report) => onlyMembersOf(NodeReported, report))],
])

/**
 * @param json an array of events.
 * @throws ContractViolation that names the event and what is wrong with it.
 */
export function readEvents(json: string): DataPlaneEvent[] {
  return parseAll(json).map((event, index) => {
    const read = readers.get(event.type)
    if (!read) {
      throw new ContractViolation(
        `event batch rejected at /${index}: this release does not know the event "${event.type}"`,
      )
    }
    try {
      return read(event)
    } catch (error) {
      if (!(error instanceof ContractViolation)) throw error
      throw new ContractViolation(`event batch rejected at /${index} (${event.type}): ${error.message}`)
    }
  })
}

function readerOf(schema: TObject, prepare: (event: object) => object = (event) => event) {
  const validator = Compile(schema)
  return (event: object): DataPlaneEvent => {
    const prepared: unknown = prepare(event)
    if (validator.Check(prepared)) return prepared as unknown as DataPlaneEvent
    throw new ContractViolation(describeViolation(validator.Errors(prepared)))
  }
}

function onlyMembersOf({ properties }: TObject, event: object): object {
  return Object.fromEntries(Object.entries(event).filter(([member]) => Object.hasOwn(properties, member)))
}
