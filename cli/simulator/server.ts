import { createHash, randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { costNanoUsd } from '../../contract/money.ts'
import type { Operation } from './answer.ts'
import { type Behaviour, findModel, parseBehaviour, UnknownBehaviour } from './behaviour.ts'
import { type CallLog, openCallLog, type SimulatedCall } from './call-log.ts'
import { type SimulatedModel, simulatedModels } from './catalogue.ts'
import { deliver } from './delivery.ts'
import { requestedError, SimulatedError } from './errors.ts'
import { chatCompletions } from './operations/chat-completions.ts'
import { completions } from './operations/completions.ts'
import { embeddings } from './operations/embeddings.ts'
import { imageGenerations } from './operations/images.ts'
import { responses } from './operations/responses.ts'

const operations: readonly Operation[] = [
  chatCompletions,
  completions,
  embeddings,
  responses,
  imageGenerations,
]
const bodyLimitBytes = 32 * 1024 * 1024

export interface Simulator {
  /** With `/v1`, as a client's base URL. */
  readonly baseUrl: string
  readonly port: number
  readonly logFile: string
  close(): Promise<void>
}

/**
 * A provider on loopback that speaks the OpenAI API: the same answer to the same input, streams, real token
 * counts. Every call is on the disk in `logFile` before its caller can see that it is complete, so the log is a
 * witness of what a gateway asked for and has to pay.
 *
 * It takes any bearer key that does not start with `sk-invalid`. {@link Behaviour} says how it can be made to fail.
 */
export async function startSimulator(options: {
  /** 0 picks a free one. */
  port: number
  logFile: string
  /** Milliseconds since the epoch. */
  now?: () => number
}): Promise<Simulator> {
  const { logFile, now = Date.now } = options
  const log = await openCallLog(logFile)
  const app = createApp(log, now)
  try {
    await app.listen({ host: '127.0.0.1', port: options.port })
  } catch (error) {
    await log.close()
    throw error
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    port,
    logFile,
    async close() {
      await app.close()
      await log.close()
    },
  }
}

function createApp(log: CallLog, now: () => number): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    genReqId: () => `sim_${randomUUID()}`,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    requireKey(request)
  })
  app.setNotFoundHandler((request) => {
    throw new SimulatedError(404, `Unknown request URL: ${request.method} ${request.url}`)
  })
  app.setErrorHandler(
    async (error: Error & { statusCode?: number; validation?: unknown }, request, reply) => {
      const shown = asSimulatedError(error)
      await log.append({ ...describe(request, now), status: shown.status, aborted: false })
      if (shown.status === 429) reply.header('retry-after', '1')
      return reply.code(shown.status).send(shown.body())
    },
  )

  app.get('/v1/models', async () => ({ object: 'list', data: simulatedModels.map(describeModel) }))
  app.get<{ Params: { model: string } }>('/v1/models/:model', async (request) =>
    describeModel(requireModel(request.params.model).model),
  )
  let callNumber = 0
  for (const operation of operations) {
    app.post<{ Body: { model: string } }>(
      operation.path,
      { schema: { body: operation.schema } },
      async (request, reply) => {
        callNumber++
        await answerCall({ operation, request, reply, log, now, callNumber })
      },
    )
  }
  return app
}

async function answerCall(call: {
  operation: Operation
  request: FastifyRequest<{ Body: { model: string } }>
  reply: FastifyReply
  log: CallLog
  now: () => number
  callNumber: number
}): Promise<void> {
  const { operation, request, reply, log, now, callNumber } = call
  const requested = requireModel(request.body.model)
  const behaviour: Behaviour = { ...requested.behaviour, ...behaviourOf(request) }
  if (behaviour.errorStatus !== undefined) throw requestedError(behaviour.errorStatus)

  const createdSeconds = Math.floor(now() / 1000)
  const answer = operation.answer(request.body, {
    model: requested.model,
    behaviour,
    callNumber,
    createdSeconds,
  })
  const described = describe(request, now)
  reply.hijack()
  reply.raw.setHeader('x-request-id', request.id)
  await deliver({
    response: reply.raw,
    answer,
    behaviour,
    record: ({ outputTokens, aborted }) => {
      const consumption = { ...answer.consumption, outputTokens }
      const cost = costNanoUsd(requested.model.prices, consumption)
      const stream = answer.events !== undefined
      return log.append({ ...described, ...consumption, stream, status: 200, costNanoUsd: cost, aborted })
    },
  })
}

/** The call as it is logged when nothing was billed. */
function describe(request: FastifyRequest, now: () => number): Omit<SimulatedCall, 'status' | 'aborted'> {
  const key = bearerKey(request)
  return {
    id: request.id,
    at: new Date(now()).toISOString(),
    path: request.url.split('?')[0] ?? request.url,
    model: textOf(request.body, 'model'),
    keyHash: key === undefined ? null : createHash('sha256').update(key).digest('hex').slice(0, 16),
    user: textOf(request.body, 'user'),
    stream: false,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    images: 0,
    costNanoUsd: 0,
  }
}

function textOf(body: unknown, member: 'model' | 'user'): string | null {
  if (typeof body !== 'object' || body === null) return null
  const value: unknown = Reflect.get(body, member)
  return typeof value === 'string' ? value : null
}

function bearerKey(request: FastifyRequest): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

function requireKey(request: FastifyRequest): void {
  const key = bearerKey(request)
  if (key === undefined || key.startsWith('sk-invalid')) {
    throw new SimulatedError(401, 'Incorrect API key provided', { code: 'invalid_api_key' })
  }
}

function requireModel(name: string) {
  const found = findModel(name)
  if (found) return found
  const known = simulatedModels.map((model) => model.name).join(', ')
  throw new SimulatedError(404, `The model "${name}" does not exist here: there are ${known}`, {
    code: 'model_not_found',
    param: 'model',
  })
}

function behaviourOf(request: FastifyRequest): Behaviour {
  const header = request.headers['x-simulator-behaviour']
  try {
    return parseBehaviour(Array.isArray(header) ? header.join(',') : header)
  } catch (error) {
    if (error instanceof UnknownBehaviour) throw new SimulatedError(400, error.message)
    throw error
  }
}

function asSimulatedError(error: Error & { statusCode?: number }): SimulatedError {
  if (error instanceof SimulatedError) return error
  return new SimulatedError(error.statusCode ?? 500, error.message)
}

function describeModel(model: SimulatedModel) {
  return { id: model.name, object: 'model', created: 0, owned_by: 'gatehouse-simulator' }
}
