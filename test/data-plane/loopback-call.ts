import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GovernedCall } from '../../data-plane/pipeline/call.ts'
import type { PipelineCompiler } from '../../data-plane/pipeline/compiler.ts'
import { OpenStreams } from '../../data-plane/pipeline/open-streams.ts'
import { runCall } from '../../data-plane/pipeline/run-call.ts'
import { configurationWith } from './configuration.ts'

export interface LoopbackAnswer {
  /** 0 when the connection was cut before the head. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface LoopbackCall {
  readonly body?: string
  readonly authorization?: string
  /** The caller closes its connection when this resolves. */
  readonly leave?: Promise<void>
}

/**
 * Runs one call through a pipeline over a loopback connection, without router and wire checks.
 */
export async function runOverLoopback(
  compiler: PipelineCompiler,
  { body = '{"model":"m"}', authorization = 'Bearer good-key', leave }: LoopbackCall = {},
): Promise<LoopbackAnswer> {
  const configuration = configurationWith()
  const pipeline = compiler.pipelineFor(configuration)
  const ended = Promise.withResolvers<void>()
  const leavePipeline = pipeline.leave
  pipeline.leave = () => {
    leavePipeline.call(pipeline)
    ended.resolve()
  }
  const server = createServer((request, response) => {
    const call = new GovernedCall({
      request,
      response,
      operation: 'chat.completions',
      body: Buffer.from(body),
      receivedAt: 1_700_000_000_000,
      configuration,
      pipeline,
      streams: new OpenStreams(),
      answerHeaders: {},
      objection: undefined,
      sourceAddress: undefined,
    })
    runCall(call)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const caller = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers: { authorization } })
  const answer = new Promise<LoopbackAnswer>((resolve) => {
    caller.on('error', () => resolve({ status: 0, headers: {}, body: '' }))
    caller.on('response', (response) => {
      const chunks: Buffer[] = []
      const done = () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        })
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', done)
      response.on('error', done)
    })
  })
  caller.end()
  leave?.then(() => caller.destroy())
  try {
    const [received] = await Promise.all([answer, ended.promise])
    return received
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
