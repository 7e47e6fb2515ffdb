import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { freePort, gatewayCore, otherCore, startPinned, waitUntilAnswers } from './processes.ts'
import type { Target } from './target.ts'

const here = import.meta.dirname
const path = '/v1/chat/completions'

export interface Upstream extends Target {
  readonly origin: string
}

export async function startUpstream(): Promise<Upstream> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const command = [process.execPath, join(here, 'upstream.ts'), `--port=${port}`]
  const running = startPinned({ name: 'mock upstream', core: otherCore, command })
  await waitUntilAnswers(running, origin)
  return { name: 'direct', process: running, origin, url: `${origin}${path}`, headers: {} }
}

/** Bare Fastify and undici, which only pass the call on. */
export async function startPassthrough(upstream: Upstream): Promise<Target> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const command = [
    process.execPath,
    join(here, 'passthrough.ts'),
    `--port=${port}`,
    `--upstream=${upstream.origin}`,
  ]
  const running = startPinned({ name: 'passthrough', core: gatewayCore, command })
  await waitUntilAnswers(running, origin)
  return {
    name: 'passthrough',
    process: running,
    url: `${origin}${path}`,
    headers: { authorization: 'Bearer sk-caller' },
  }
}

/** Portkey's open-source gateway as npm has it, asked to pass calls on to an OpenAI-compatible host. */
export async function startPortkey(upstream: Upstream): Promise<Target> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const entry = createRequire(import.meta.url).resolve('@portkey-ai/gateway/package.json')
  const command = [
    process.execPath,
    join(dirname(entry), 'build', 'start-server.js'),
    '--headless',
    `--port=${port}`,
  ]
  // Its own production setting, with the same meaning as for most Node servers.
  const running = startPinned({
    name: 'portkey',
    core: gatewayCore,
    command,
    env: { NODE_ENV: 'production' },
  })
  await waitUntilAnswers(running, origin)
  return {
    name: 'portkey',
    process: running,
    url: `${origin}${path}`,
    headers: {
      authorization: 'Bearer sk-upstream',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${upstream.origin}/v1`,
    },
  }
}
