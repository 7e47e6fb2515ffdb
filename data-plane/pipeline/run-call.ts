import { within } from '../deadline.ts'
import type { GovernedCall } from './call.ts'
import { admissionLimitMs, isPromise } from './call-limits.ts'
import { CallerLeft, concludeCall, type Failure } from './conclude-call.ts'
import type { Step } from './pipeline.ts'

/** Whether a call has its answer, or goes on by itself once what it waits for has come. */
type Progress = 'answered' | 'waiting'

/**
 * Runs a call through its pipeline: every `onCall` in order, then the answer, then every `onComplete` in reverse,
 * whatever happened before. Nothing is awaited but real promises.
 */
export function runCall(call: GovernedCall): void {
  call.pipeline.enter()
  proceed(call, () => {
    if (call.objection?.when === 'now') throw call.objection.denied
    return admit(call, 0)
  })
}

function proceed(call: GovernedCall, next: () => Progress): void {
  let failure: Failure | undefined
  try {
    if (next() === 'waiting') return
  } catch (error) {
    failure = { error }
  }
  concludeCall(call, failure)
}

/** Not a chain of promises that hands failures on: each call waits twice, and every link costs it a microsecond. */
function proceedAfter(waiting: Promise<void>, call: GovernedCall, next: () => Progress): Progress {
  waiting.then(
    () => proceed(call, next),
    (error: unknown) => concludeCall(call, { error }),
  )
  return 'waiting'
}

/** The `onCall` hooks from one index on, and then the answer. */
function admit(call: GovernedCall, from: number): Progress {
  const { onCall, identifyingStep } = call.pipeline
  let startedAtMs = from === 0 ? call.startedAtMs : performance.now()
  for (let index = from; index < onCall.length; index++) {
    const step = onCall[index]
    if (!step) break
    call.step = step
    if (step.counts) step.metrics.calls++
    const waiting = step.run(call)
    if (isPromise(waiting)) {
      return proceedAfter(within(admissionLimitMs, `plugin "${step.plugin}"`, waiting), call, () => {
        noteEnd(step, startedAtMs)
        if (index === identifyingStep) refuseObjection(call)
        if (call.reply.aborted) throw new CallerLeft()
        return admit(call, index + 1)
      })
    }
    startedAtMs = noteEnd(step, startedAtMs)
    if (index === identifyingStep) refuseObjection(call)
  }
  return answer(call)
}

function refuseObjection(call: GovernedCall): void {
  const denied = call.objectionOnceIdentified()
  if (!denied) return
  call.step = undefined
  throw denied
}

function answer(call: GovernedCall): Progress {
  const step = call.pipeline.respond
  call.step = step
  call.answering = true
  if (step.counts) step.metrics.calls++
  const startedAtMs = performance.now()
  const finish = (): Progress => {
    noteEnd(step, startedAtMs)
    return 'answered'
  }
  const waiting = step.run(call)
  return isPromise(waiting) ? proceedAfter(waiting, call, finish) : finish()
}

function noteEnd(
  { counts, metrics }: Pick<Step<'onCall'>, 'counts' | 'metrics'>,
  startedAtMs: number,
): number {
  const endedAtMs = performance.now()
  if (counts) metrics.latency.record(endedAtMs - startedAtMs)
  return endedAtMs
}
