import { within } from '../deadline.ts'
import type { GovernedCall } from './call.ts'
import { admissionLimitMs, isPromise } from './call-limits.ts'
import { CallerLeft, concludeCall, type Failure } from './conclude-call.ts'

/**
 * Runs a call through its pipeline: every `onCall` in order, then the answer, then every `onComplete` in reverse,
 * whatever happened before. Nothing is awaited but real promises.
 */
export function runCall(call: GovernedCall): void {
  call.pipeline.enter()
  let failure: Failure | undefined
  try {
    if (call.objection?.when === 'now') throw call.objection.denied
    const waiting = runStages(call)
    if (waiting) {
      waiting.then(
        () => concludeCall(call, undefined),
        (error: unknown) => concludeCall(call, { error }),
      )
      return
    }
  } catch (error) {
    failure = { error }
  }
  concludeCall(call, failure)
}

function runStages(call: GovernedCall): Promise<void> | undefined {
  const waiting = admit(call, 0)
  return waiting ? waiting.then(() => answer(call)) : answer(call)
}

/** The `onCall` hooks from one index on; a promise only when one of them gave a promise. */
function admit(call: GovernedCall, from: number): Promise<void> | undefined {
  const { onCall, identifyingStep } = call.pipeline
  let startedAtMs = from === 0 ? call.startedAtMs : performance.now()
  for (let index = from; index < onCall.length; index++) {
    const step = onCall[index]
    if (!step) break
    call.step = step
    if (step.counts) step.metrics.calls++
    const waiting = step.run(call)
    if (isPromise(waiting)) {
      return within(admissionLimitMs, `plugin "${step.plugin}"`, waiting).then(() => {
        if (step.counts) step.metrics.latency.record(performance.now() - startedAtMs)
        if (index === identifyingStep) refuseObjection(call)
        if (call.reply.aborted) throw new CallerLeft()
        return admit(call, index + 1)
      })
    }
    const endedAtMs = performance.now()
    if (step.counts) step.metrics.latency.record(endedAtMs - startedAtMs)
    startedAtMs = endedAtMs
    if (index === identifyingStep) refuseObjection(call)
  }
  return undefined
}

function refuseObjection(call: GovernedCall): void {
  const denied = call.objectionOnceIdentified()
  if (!denied) return
  call.step = undefined
  throw denied
}

function answer(call: GovernedCall): Promise<void> | undefined {
  const step = call.pipeline.respond
  call.step = step
  call.answering = true
  if (step.counts) step.metrics.calls++
  const startedAtMs = performance.now()
  const waiting = step.run(call)
  if (!isPromise(waiting)) {
    if (step.counts) step.metrics.latency.record(performance.now() - startedAtMs)
    return undefined
  }
  return waiting.then(() => {
    if (step.counts) step.metrics.latency.record(performance.now() - startedAtMs)
  })
}
