import { connect } from 'node:net'
import { afterEach } from 'vitest'
import { AdmissionGate } from '../../../data-plane/admission/gate.ts'
import { OpenStreams } from '../../../data-plane/pipeline/open-streams.ts'
import { createServer, type ServerOptions } from '../../../data-plane/routes/server.ts'
import type { Configuration } from '../../../plugins/sdk/builtin.ts'
import type { Outcome } from '../../../plugins/sdk/call.ts'
import { configurationWith } from '../configuration.ts'
import { noTokens, type StubStages, stubCompiler } from '../stub-plugins.ts'

export const authorization = 'Bearer good-key'
export const json = { authorization, 'content-type': 'application/json' }

const running: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})

export interface ServedOptions {
  readonly configuration?: Partial<Configuration> | null
  readonly stages?: StubStages
  readonly server?: Partial<ServerOptions>
}

/** The real server on a loopback port, with stub stages that count how often the provider is reached. */
export async function serve({ configuration = {}, stages = {}, server = {} }: ServedOptions = {}) {
  let current = configuration === null ? undefined : configurationWith(configuration)
  const outcomes: Outcome[] = []
  const seen = { provider: 0, outcomes }
  const app = createServer({
    configuration: () => current,
    staleness: () => undefined,
    pipelines: stubCompiler({
      audit: { onComplete: (_call, outcome) => void outcomes.push(outcome) },
      provider: {
        respond(call) {
          seen.provider++
          call.reply.send(200, { 'content-type': 'application/json' }, Buffer.from('{"ok":true}'))
        },
      },
      ...stages,
    }),
    streams: new OpenStreams(),
    log: { error() {} },
    now: () => 1_700_000_000_000,
    gate: new AdmissionGate(100),
    recognition: { digest: (secret) => secret, tokens: noTokens },
    ...server,
  })
  running.push(app)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const configure = (next: Partial<Configuration>) => {
    current = configurationWith(next)
  }
  return { app, url, seen, configure, raw: (request: string) => exchange(Number(new URL(url).port), request) }
}

/** Sends bytes as they are and reads until the other end closes. */
function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
  })
}
