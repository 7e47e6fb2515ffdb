import { Denied, Type } from 'gatehouse/plugin-sdk'
import { asksProvider, defineBuiltin } from 'gatehouse/plugin-sdk/builtin'
import { requireInference } from './inference.ts'
import { findTargets } from './targets.ts'
import { orderByWeight } from './weighted-order.ts'

/** Decides whether a call may be made at all, and which of the key's providers may serve the model that the call names, for the key and its owner, best first. */
export default defineBuiltin({
  name: 'rbac',
  config: Type.Object({}, { additionalProperties: false }),

  setup(_config, host) {
    return {
      onCall(call) {
        if (!asksProvider(call.operation)) return
        const { key } = call
        if (!key) throw new TypeError('rbac ran before auth had found a key')
        requireInference(call)
        if (call.model === '') {
          throw new Denied('invalid_request_error', 'model is required: name the model to be asked', {
            param: 'model',
          })
        }
        const targets = findTargets(key.grants, call.model)
        call.targets = targets.length > 1 ? orderByWeight(targets, host.random) : targets
      },
    }
  },
})
