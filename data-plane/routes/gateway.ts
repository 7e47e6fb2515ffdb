import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RouteHandlerMethod } from 'fastify'
import type { Configuration } from '../../plugins/sdk/builtin.ts'
import type { Operation } from '../../plugins/sdk/call.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import { callerOf, type Recognition } from '../admission/caller.ts'
import type { AdmissionGate } from '../admission/gate.ts'
import { GovernedCall, type Objection } from '../pipeline/call.ts'
import { nextCallId } from '../pipeline/call-id.ts'
import type { PipelineCompiler } from '../pipeline/compiler.ts'
import type { OpenStreams } from '../pipeline/open-streams.ts'
import { runCall } from '../pipeline/run-call.ts'
import { answerPreflight, CrossOriginRules, isPreflight } from './cross-origin.ts'
import { answerError } from './direct-answer.ts'
import { findMissingHeaders } from './required-headers.ts'
import { findSource } from './source-address.ts'
import { methodsOf } from './table.ts'
import { findAmbiguity } from './wire-checks.ts'

export interface GatewayOptions {
  /** The configuration that runs now; undefined before the first one. */
  readonly configuration: () => Configuration | undefined
  /** Why there is none, when it is not for want of a first one; callers read it. */
  readonly whyUnavailable?: () => string | null
  /** What there is against calls that need a configuration no older than so many milliseconds. */
  readonly staleness: (limitMs: number) => Denied | undefined
  readonly pipelines: Pick<PipelineCompiler, 'pipelineFor'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly streams: OpenStreams
  /** Who finds no place there is refused with 503 `overloaded`. */
  readonly gate: Pick<AdmissionGate, 'enter' | 'leave'>
  readonly recognition: Recognition
}

/** What a route has against a call, and what the answer says beside. */
export interface RouteRefusal {
  readonly denied: Denied
  readonly headers: Readonly<Record<string, string>>
}

const noBody = Buffer.alloc(0)

/** The one way from a route to a provider: every call that comes through here runs the pipeline. */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #handlers = new WeakSet<RouteHandlerMethod>()
  #rules: { readonly of: Configuration; readonly rules: CrossOriginRules } | undefined

  constructor(options: GatewayOptions) {
    this.#options = options
  }

  /** The handler of a served route. */
  handler(operation: Operation): RouteHandlerMethod {
    const handle: RouteHandlerMethod = (request, reply) => {
      reply.hijack()
      const body = Buffer.isBuffer(request.body) ? request.body : noBody
      this.govern(operation, request.raw, reply.raw, body)
    }
    this.#handlers.add(handle)
    return handle
  }

  /** The handler of everything else below `/v1`: preflights, wrong methods, unknown paths. */
  fallback(): RouteHandlerMethod {
    const handle: RouteHandlerMethod = (request, reply) => {
      reply.hijack()
      if (isPreflight(request.raw) && this.#allowsPreflight(request.raw, reply.raw)) return
      this.govern('unknown', request.raw, reply.raw, noBody, refuseUnserved(request.raw))
    }
    this.#handlers.add(handle)
    return handle
  }

  /** Whether a handler came from here; a route with any other cannot be registered. */
  governs(handler: RouteHandlerMethod): boolean {
    return this.#handlers.has(handler)
  }

  /** Whether a call may come in, before its body is read. One that may not has its answer. */
  admits(request: IncomingMessage, response: ServerResponse): boolean {
    const { configuration: current, gate, recognition, now } = this.#options
    const configuration = current()
    if (!configuration) return true
    const place = gate.enter(() => callerOf(request.rawHeaders, configuration, recognition))
    if (place) response.once('close', () => gate.leave(place))
    else answerError(response, 'overloaded', nextCallId(now()))
    return place !== undefined
  }

  /** Runs one call. */
  govern(
    operation: Operation,
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    refusal?: RouteRefusal,
  ): void {
    const { configuration: current, whyUnavailable, pipelines, streams, now } = this.#options
    const receivedAt = now()
    const configuration = current()
    if (!configuration) {
      answerError(response, 'config_unavailable', nextCallId(receivedAt), whyUnavailable?.() ?? undefined)
      return
    }
    const pipeline = pipelines.pipelineFor(configuration)
    const rules = this.#rulesOf(configuration)
    const { origin } = request.headers
    const answerHeaders = rules.answerHeaders(origin)
    if (refusal) Object.assign(answerHeaders, refusal.headers)
    const source = findSource(request, configuration)
    const unseen =
      this.#refuseStale(configuration) ?? source?.denied ?? refuseUnseen(request, configuration, rules)
    runCall(
      new GovernedCall({
        request,
        response,
        operation,
        body,
        receivedAt,
        configuration,
        pipeline,
        streams,
        answerHeaders,
        objection: objectionOf(unseen, refusal?.denied),
        sourceAddress: source?.address,
      }),
    )
  }

  /** A configuration that is too old is asked nothing more. */
  #refuseStale({ maxStalenessMs }: Configuration): Denied | undefined {
    return maxStalenessMs === null ? undefined : this.#options.staleness(maxStalenessMs)
  }

  /** Answers the preflight of an allowed origin; any other request is left to the pipeline to refuse. */
  #allowsPreflight(request: IncomingMessage, response: ServerResponse): boolean {
    const configuration = this.#options.configuration()
    const { origin } = request.headers
    if (!configuration || origin === undefined || findAmbiguity(request)) return false
    if (findSource(request, configuration)?.denied) return false
    const rules = this.#rulesOf(configuration)
    if (!rules.allows(origin)) return false
    answerPreflight(rules, origin, response)
    return true
  }

  /** The rules of the running configuration, compiled once for each. */
  #rulesOf(configuration: Configuration): CrossOriginRules {
    if (this.#rules?.of !== configuration) {
      this.#rules = { of: configuration, rules: new CrossOriginRules(configuration) }
    }
    return this.#rules.rules
  }
}

/** What is wrong with a request whoever sends it, in the order in which it is told. */
function refuseUnseen(
  request: IncomingMessage,
  { requiredHeaders }: Configuration,
  rules: CrossOriginRules,
): Denied | undefined {
  const ambiguity = findAmbiguity(request)
  if (ambiguity) return ambiguity
  const { origin } = request.headers
  if (origin !== undefined && !rules.allows(origin)) return new Denied('origin_not_allowed')
  return findMissingHeaders(request, requiredHeaders)
}

function objectionOf(now: Denied | undefined, identified: Denied | undefined): Objection | undefined {
  if (now) return { when: 'now', denied: now }
  return identified && { when: 'identified', denied: identified }
}

function refuseUnserved({ url = '/' }: IncomingMessage): RouteRefusal {
  const query = url.indexOf('?')
  const methods = methodsOf(query < 0 ? url : url.slice(0, query))
  if (methods.length === 0) return { denied: new Denied('not_found'), headers: {} }
  return { denied: new Denied('method_not_allowed'), headers: { allow: methods.join(', ') } }
}
