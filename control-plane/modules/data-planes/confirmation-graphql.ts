import { builder, type InputFields } from '../../graphql/builder.ts'
import { longestWaitSeconds, type Quorum, usualWaitSeconds } from './confirmation.ts'

const QuorumType = builder.enumType('Quorum', {
  description: 'Which data planes are waited for, of those that are enrolled and not revoked.',
  values: {
    NONE: { description: 'None: the mutation answers once the change is committed.' },
    QUORUM: { description: 'More than half of them.' },
    ALL: { description: 'Every one of them, the ones that are switched off included.' },
  } as const satisfies Record<Quorum, object>,
})

/** Fields of the input of a mutation that waits until data planes have confirmed it. */
export const confirmationFields = (t: InputFields) =>
  waitFields(t, 'Then the error NOT_YET_APPLIED comes, and the change stays.')

/** As `confirmationFields`, for a mutation whose answer holds what is shown only once. */
export const countedConfirmationFields = (t: InputFields) =>
  waitFields(t, 'Then the answer comes all the same, and `unconfirmed` says how many are missing.')

export const unconfirmedDescription =
  'How many data planes had not confirmed the change when the time to wait for them was over; 0 when as many had as `waitFor` asks.'

function waitFields(t: InputFields, atTheEnd: string) {
  return {
    waitFor: t.field({
      type: QuorumType,
      description:
        'Answers only once these data planes have confirmed that they run the change; NONE unless said. Repeating a revocation waits again.',
    }),
    waitSeconds: t.int({
      description: `How long to wait for them: 1 to ${longestWaitSeconds}, ${usualWaitSeconds} unless said. ${atTheEnd}`,
    }),
  }
}

export const RevocationInput = builder.inputType('RevocationInput', {
  description: 'Names what ends, and says whether to wait until data planes have confirmed it.',
  fields: (t) => ({ id: t.id({ required: true, description: 'Its id.' }), ...confirmationFields(t) }),
})
