import { Type } from 'gatehouse/plugin-sdk'
import { asksProvider, defineBuiltin } from 'gatehouse/plugin-sdk/builtin'
import { admit, costQuestion, limitHold } from './admission.ts'
import { enter, keySlot } from './concurrency.ts'
import { LikelyCosts } from './likely-costs.ts'
import { tellLimits } from './limit-headers.ts'
import { usedTokens } from './token-bound.ts'

/**
 * Takes of every limit a request, or the most tokens that the call can use, then sets aside on every budget of its path
 * what it can cost (a strict budget) or will hardly exceed (a balanced one), and settles what it did use and cost when it
 * ends. Two concurrent calls can therefore never spend the same money.
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
          'The most tokens that one inline picture is counted as, and what one is counted as whose dimensions are not known.',
      }),
    },
    { additionalProperties: false },
  ),

  setup(config, host) {
    const likelyCosts = new LikelyCosts()
    return {
      onCall(call) {
        tellLimits(call, host)
        if (!asksProvider(call.operation)) return
        return enter(call, host, () => admit(call, host, config, likelyCosts))
      },

      // For every outcome, so that no hold can leak: without usage the provider was never asked.
      onComplete(call) {
        call.get(keySlot)?.release()
        call.get(limitHold)?.settle(usedTokens(call.usage))
        if (!call.hold) return
        host.ledger.settle(call.hold, call.usage?.costNanoUsd ?? 0)
        const question = call.get(costQuestion)
        // Neither our own counts nor a provider's refusal say what such calls cost.
        if (!question || !call.usage || call.usage.estimated || call.usage.costNanoUsd === 0) return
        likelyCosts.observe(question, call.usage.costNanoUsd)
      },
    }
  },
})
