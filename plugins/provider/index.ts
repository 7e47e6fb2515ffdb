import { Type } from 'gatehouse/plugin-sdk'
import { defineBuiltin } from 'gatehouse/plugin-sdk/builtin'
import { ActivityLog } from './activity.ts'
import { askProvider } from './ask-provider.ts'
import { providerKeySlot } from './choose-key.ts'
import { answerModels } from './models.ts'
import { Pools } from './pools.ts'
import { answerQuota } from './quota.ts'

/** Asks the provider and answers the caller, byte for byte where the two speak the same format. */
export default defineBuiltin({
  name: 'provider',

  config: Type.Object(
    {
      maxConcurrentCalls: Type.Integer({
        ...{ minimum: 1, maximum: 100_000, default: 2048 },
        description:
          'Calls to one provider at the same time; the next one is refused as `overloaded`, never queued.',
      }),
      maxDurationMs: Type.Integer({
        ...{ minimum: 1, maximum: 86_400_000, default: 1_800_000 },
        description: 'Longest time from the question to the end of its answer, streams included.',
      }),
      drainMs: Type.Integer({
        ...{ minimum: 0, maximum: 3_600_000, default: 10_000 },
        description:
          'How long a provider with `whenCallerLeaves: DRAIN_CAPPED` is heard out when the caller has left, for what it bills is known only at the end of its answer. 0 breaks off at once. A call that is broken off costs all that was set aside for it.',
      }),
      maxAnswerBytes: Type.Integer({
        ...{ minimum: 1, maximum: 1_073_741_824, default: 67_108_864 },
        description: 'Largest answer that is not streamed.',
      }),
      maxEventBytes: Type.Integer({
        ...{ minimum: 1, maximum: 1_073_741_824, default: 16_777_216 },
        description: 'Largest single event of a streamed answer.',
      }),
    },
    { additionalProperties: false },
  ),

  setup(limits, host) {
    const pools = new Pools(host, limits.maxConcurrentCalls)
    const activity = new ActivityLog()
    return {
      respond(call) {
        if (call.operation === 'models.list') return answerModels(call)
        if (call.operation === 'quota') return answerQuota(call, host)
        return askProvider(call, { host, pools, activity, limits })
      },
      onComplete(call) {
        call.get(providerKeySlot)?.release()
      },
      activity: () => activity.list(),
      close: () => pools.close(),
    }
  },
})
