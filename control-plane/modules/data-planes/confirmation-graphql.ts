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
export function confirmationFields(t: InputFields) {
  return {
    waitFor: t.field({
      type: QuorumType,
      description:
        'Answers only once these data planes have confirmed that they run the change; NONE unless said. Repeating the mutation waits again.',
    }),
    waitSeconds: t.int({
      description: `How long to wait for them: 1 to ${longestWaitSeconds}, ${usualWaitSeconds} unless said. Then the error NOT_YET_APPLIED comes, and the change stays.`,
    }),
  }
}
