import { Type } from 'gatehouse/plugin-sdk'
import { asksProvider, defineBuiltin } from 'gatehouse/plugin-sdk/builtin'

/** Records each call twice in the durable journal: that it is about to leave, and how it ended. Refusals too. */
export default defineBuiltin({
  name: 'audit',
  config: Type.Object({}, { additionalProperties: false }),

  setup(_config, host) {
    return {
      onCall(call) {
        if (asksProvider(call.operation)) return host.journal.intend(call)
      },

      // Completion runs in reverse: `budget` settles after this. Settling is idempotent, so the record asks first for
      // the leases that the cost falls on.
      onComplete(call, outcome) {
        const charges = call.hold ? host.ledger.settle(call.hold, call.usage?.costNanoUsd ?? 0) : []
        host.journal.finish(call, outcome, charges)
      },
    }
  },
})
