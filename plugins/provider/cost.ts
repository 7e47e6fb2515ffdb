import type { Usage } from 'gatehouse/plugin-sdk'
import {
  type BuiltinCall,
  costEstimatedHeader,
  costHeader,
  decimalUsd,
  type Target,
} from 'gatehouse/plugin-sdk/builtin'
import type { FoundUsage } from './usage.ts'

/** Tells the caller in the head of its answer what the call has cost. Nothing where the model has no price: unknown is never free. */
export function tellCost({ reply, usage, receivedAt }: BuiltinCall, { model }: Target): void {
  if (!usage || !model.pricesAt(receivedAt)) return
  reply.setHeader(costHeader, decimalUsd(usage.costNanoUsd))
  if (usage.estimated) reply.setHeader(costEstimatedHeader, 'true')
}

/** A run of events whose usage object says the cost too, in a member that no provider uses. */
export function withCost(events: Buffer, found: FoundUsage, { costNanoUsd, estimated }: Usage): Buffer {
  const cost = JSON.stringify({ cost_usd: decimalUsd(costNanoUsd), estimated })
  const beforeBrace = found.end - 1
  return Buffer.concat([
    events.subarray(0, beforeBrace),
    Buffer.from(`,"gatehouse":${cost}`),
    events.subarray(beforeBrace),
  ])
}
