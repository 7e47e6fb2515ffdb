import { builder, type InputFields } from './builder.ts'
import { AlreadyIssued, IdempotencyKeyReused, StaleUpdate } from './concurrency.ts'
import { RefusalInterface, refusalType } from './refusals.ts'

export { AlreadyIssued, IdempotencyKeyReused, StaleUpdate }

refusalType(IdempotencyKeyReused, 'An idempotency key stands for one request alone.')
refusalType(StaleUpdate, 'What was to be changed is not what the caller has read.')

builder.objectType(AlreadyIssued, {
  name: 'AlreadyIssued',
  description: 'A repeated request for what was issued before. It exists; its secret is not shown twice.',
  interfaces: [RefusalInterface],
  isTypeOf: (value) => value instanceof AlreadyIssued,
  fields: (t) => ({
    id: t.exposeID('id', { description: 'What the first request issued: ask `node(id)` for it.' }),
  }),
})

/** For the input of whatever creates something. */
export const idempotencyKeyField = (t: InputFields) => ({
  idempotencyKey: t.string({
    description:
      'Any text of yours of 1 to 128 characters, such as a UUID: whoever repeats the request with it within 24 hours gets what the first one created, and nothing is created twice.',
  }),
})

/** For the input of whatever gives a thing a new secret. */
export const repeatKeyField = (t: InputFields) => ({
  idempotencyKey: t.string({
    description:
      'Any text of yours of 1 to 128 characters, such as a UUID: a repetition of the request with it within 24 hours changes nothing more.',
  }),
})

/** For the input of whatever changes something. */
export const expectedVersionField = (t: InputFields) => ({
  expectedVersion: t.int({
    description:
      'The `version` that you have read: if it is not the present one, the change is refused. Without it, the last one wins.',
  }),
})

/** For the input of whatever sets what may not be there yet. */
export const expectedSettingsVersionField = (t: InputFields) => ({
  expectedVersion: t.int({
    description:
      'The version that you have read, 0 for none yet: if it is not the present one, the change is refused. Without it, the last one wins.',
  }),
})

export const versionDescription = 'Raised with each change; see `expectedVersion`.'
