import type { AddressInfo } from 'node:net'
import type { Configuration } from 'gatehouse/plugin-sdk/builtin'
import { onTestFinished } from 'vitest'
import { AdmissionGate } from '../../data-plane/admission/gate.ts'
import { PipelineCompiler } from '../../data-plane/pipeline/compiler.ts'
import type { PluginDefinitions } from '../../data-plane/pipeline/definitions.ts'
import { OpenStreams } from '../../data-plane/pipeline/open-streams.ts'
import { builtins } from '../../data-plane/plugins.ts'
import { createServer } from '../../data-plane/routes/server.ts'
import { type FakeHostOptions, fakeHost } from './fake-host.ts'

export interface StagesOptions {
  readonly configuration: Configuration
  readonly custom?: PluginDefinitions['custom']
  readonly host?: FakeHostOptions
}

/** The data plane's own server and pipeline with the six built-in stages, over a host that grants everything. */
export async function startStages(options: StagesOptions) {
  const { host, record } = fakeHost(options.host)
  const pipelines = new PipelineCompiler({ builtins, custom: options.custom ?? [] }, host)
  const running = { configuration: options.configuration }
  const server = createServer({
    configuration: () => running.configuration,
    staleness: host.staleness,
    pipelines,
    streams: new OpenStreams(),
    log: host.log,
    now: host.now,
    gate: new AdmissionGate(100),
    recognition: host,
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    await server.close()
    pipelines.close()
  })
  // A server that listens on TCP has an address of this form.
  const { port } = server.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/v1`, record, pipelines, running }
}
