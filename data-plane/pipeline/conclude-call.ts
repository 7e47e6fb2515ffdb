import { openaiErrorBody } from '../../contract/errors.ts'
import type { CallOutcome } from '../../contract/events.ts'
import type { Outcome } from '../../plugins/sdk/call.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import { within } from '../deadline.ts'
import type { GovernedCall } from './call.ts'
import { completionLimitMs, isPromise } from './call-limits.ts'

/** What a stage threw. */
export interface Failure {
  readonly error: unknown
}

/** The caller left while a stage was waiting; the provider was not asked. */
export class CallerLeft extends Error {
  override readonly name = 'CallerLeft'
}

/** Nginx's word for a caller that left before its answer. */
const callerLeftStatus = 499

/** Answers what is not answered yet, then tells every plugin how the call ended. Called once per call. */
export function concludeCall(call: GovernedCall, failure: Failure | undefined): void {
  const thrown = call.reply.refusal ?? failure ?? missingAnswer(call)
  const outcome = thrown ? concludeFailure(call, thrown.error) : concludeAnswer(call)
  completeFrom(0, call, outcome)
}

function missingAnswer(call: GovernedCall): Failure | undefined {
  const { reply } = call
  if (reply.ended || reply.aborted) return undefined
  return { error: new Error('the answering stage ended without a complete answer') }
}

function concludeAnswer(call: GovernedCall): Outcome {
  const { status, aborted } = call.reply
  if (aborted) return outcomeOf(call, 'cancelled', status || callerLeftStatus, null, null)
  if (status < 400) return outcomeOf(call, 'succeeded', status, null, null)
  return outcomeOf(call, 'failed', status, 'provider_error', null)
}

function concludeFailure(call: GovernedCall, error: unknown): Outcome {
  const plugin = call.refusedBy ?? call.step?.plugin ?? null
  const isDenied = error instanceof Denied
  const { reply } = call
  if (error instanceof CallerLeft || (reply.aborted && call.answering && !reply.refusal)) {
    return outcomeOf(call, 'cancelled', reply.status || callerLeftStatus, null, null)
  }
  if (!isDenied) {
    call.pipeline.log.error(
      { plugin, callId: call.id, requestId: call.requestId, err: error },
      'a plugin failed, so the call was refused',
    )
  }
  count(call, plugin, isDenied)
  const denied = isDenied ? error : new Denied('plugin_error')
  // The answering stage has asked nobody before it has chosen a key, nor once an `onUpstream` hook has refused.
  const isUnasked = (call.providerKeyId === null && !reply.started) || call.upstreamRefusal !== undefined
  answerRefusal(call, denied)
  return outcomeOf(
    call,
    isDenied && isUnasked ? 'denied' : 'failed',
    reply.status || denied.status,
    denied.code,
    plugin,
  )
}

function count(call: GovernedCall, plugin: string | null, isDenied: boolean): void {
  const { onCall, onUpstream, onChunk, respond } = call.pipeline
  const step = [...onCall, ...onUpstream, ...onChunk, respond].find(
    (candidate) => candidate.plugin === plugin,
  )
  if (!step) return
  if (isDenied) step.metrics.denials++
  else step.metrics.errors++
}

function outcomeOf(
  call: GovernedCall,
  outcome: CallOutcome,
  status: number,
  errorCode: string | null,
  refusedBy: string | null,
): Outcome {
  return { outcome, status, errorCode, refusedBy, durationMs: performance.now() - call.startedAtMs }
}

/** The refusal in the form that OpenAI's SDKs turn into their own error classes. */
function answerRefusal(call: GovernedCall, { code, status, message, details }: Denied): void {
  const body = openaiErrorBody(code, message, call.requestId, details)
  if (call.reply.started) {
    call.reply.breakOff(body)
    return
  }
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  const retryAfterSeconds = details.retryAfterSeconds ?? (status === 503 ? 1 : undefined)
  if (retryAfterSeconds !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterSeconds)))
  if (status === 401) headers['www-authenticate'] = challengeOf(code)
  call.reply.send(status, headers, Buffer.from(JSON.stringify(body)))
}

/** RFC 6750 §3: no error where nothing was presented. */
function challengeOf(code: string): string {
  return code === 'authentication_required' ? 'Bearer error="invalid_token"' : 'Bearer'
}

/** The `onComplete` hooks from one index on. Each runs whatever the others do; the pipeline is left at the end. */
function completeFrom(from: number, call: GovernedCall, outcome: Outcome): void {
  const { onComplete } = call.pipeline
  for (let index = from; index < onComplete.length; index++) {
    const step = onComplete[index]
    if (!step) break
    if (step.counts) step.metrics.calls++
    const startedAtMs = step.counts ? performance.now() : 0
    const failed = (error: unknown) => {
      step.metrics.errors++
      call.pipeline.log.error(
        { plugin: step.plugin, callId: call.id, requestId: call.requestId, err: error },
        'a plugin failed to complete a call',
      )
    }
    try {
      const waiting = step.run(call, outcome)
      if (isPromise(waiting)) {
        within(completionLimitMs, `onComplete of plugin "${step.plugin}"`, waiting)
          .catch(failed)
          .then(() => completeFrom(index + 1, call, outcome))
        return
      }
    } catch (error) {
      failed(error)
    }
    if (step.counts) step.metrics.latency.record(performance.now() - startedAtMs)
  }
  call.pipeline.leave()
}
