import { Type } from 'gatehouse/plugin-sdk'
import { asksProvider, defineBuiltin } from 'gatehouse/plugin-sdk/builtin'
import { admit } from './admission.ts'
import { tellLimits } from './limit-headers.ts'

/**
 * Takes a permit of every request limit, then sets aside the most that the call can cost on every budget of its path,
 * and settles what it did cost when it ends. Two concurrent calls can therefore never spend the same money.
 */
export default defineBuiltin({
  name: 'budget',

  config: Type.Object(
    {
      defaultOutputTokens: Type.Integer({
        ...{ minimum: 1, maximum: 10_000_000, default: 4096 },
        description: 'Tokens of output that a call may have when neither caller nor model sets a limit.',
      }),
      imageInputTokens: Type.Integer({
        ...{ minimum: 0, maximum: 10_000_000, default: 50_000 },
        description:
          'The most tokens that one inline picture is counted as, whatever its bytes: eight tiles of the dearest model.',
      }),
    },
    { additionalProperties: false },
  ),

  setup(config, host) {
    return {
      onCall(call) {
        tellLimits(call, host)
        if (!asksProvider(call.operation)) return
        return admit(call, host, config)
      },

      // For every outcome, so that no hold can leak: without usage the provider was never asked.
      onComplete(call) {
        if (call.hold) host.ledger.settle(call.hold, call.usage?.costNanoUsd ?? 0)
      },
    }
  },
})
