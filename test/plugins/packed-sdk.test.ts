import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadCustomPlugins } from '../../data-plane/pipeline/load-custom.ts'
import { configuration, grant, key, model, provider } from './fake-configuration.ts'
import { startRawUpstream, wholeAnswer } from './provider/raw-upstream.ts'
import { startStages } from './start-stages.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const tsc = join(root, 'node_modules/typescript/bin/tsc')
/** What a stranger's `npm install` would bring: the packed package, its one dependency here, and the compiler's types. */
const installed = ['typebox', '@types/node', 'undici-types']

let folder: string
let example: string

/** Packs this package, installs it into an empty project, and builds the example there, as a stranger would. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-packed-'))
  await run(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { cwd: root })
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
  })
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }]
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, 'gatehouse'), { recursive: true })
  await run('tar', ['-xzf', join(folder, filename), '-C', join(modules, 'gatehouse'), '--strip-components=1'])
  for (const name of installed) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  example = join(folder, 'plugin-block-words')
  await cp(join(root, 'examples/plugin-block-words'), example, {
    recursive: true,
    filter: (path) => !/node_modules|dist$/.test(path),
  })
  await run(process.execPath, [tsc, '-p', example], { cwd: example })
}, 120_000)

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('the published SDK', () => {
  it('works in plain JavaScript from node_modules', async () => {
    const program = `
      import { Denied, definePlugin, slot, Type } from 'gatehouse/plugin-sdk'
      import { runPlugin, testCall } from 'gatehouse/plugin-sdk/testing'
      const plugin = definePlugin({
        name: 'refuse', version: '1.0.0', config: Type.Object({}),
        setup: () => ({ onCall() { throw new Denied('model_blocked') } }),
      })
      const { denied } = await runPlugin(plugin, { call: testCall() })
      console.log(denied.status, denied instanceof Denied, typeof slot)`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder })
    expect(stdout.trim()).toBe('403 true function')
  })

  it("carries the example's own tests", async () => {
    const { stdout } = await run(process.execPath, ['--test', 'dist/'], {
      cwd: example,
      env: withoutRunner(),
    })
    expect(stdout).toMatch(/(?:#|ℹ) fail 0/)
  })
})

/** Node's test runner talks another language to a parent that is one. */
function withoutRunner(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...environment } = process.env
  return environment
}

describe('the example, built against the package, in the real pipeline', () => {
  async function startWithPlugin(config: Record<string, unknown>) {
    const upstream = await startRawUpstream((socket) => socket.write(wholeAnswer(200, '{"ok":true}')))
    const acme = provider('acme', [model('small')], {
      baseUrl: upstream.baseUrl,
      origin: new URL(upstream.baseUrl).origin,
    })
    const compiled = configuration({ keys: { 'sk-good': key({ grants: [grant(acme)] }) } })
    const settings = (words: Record<string, unknown>) => [
      {
        name: 'block-words',
        enabled: true,
        position: { side: 'after' as const, of: 'rbac' },
        order: 0,
        config: words,
      },
    ]
    const stages = await startStages({
      configuration: { ...compiled, plugins: settings(config) },
      custom: await loadCustomPlugins([join(example, 'dist/index.js')]),
    })
    const say = async (content: string) => {
      const response = await fetch(`${stages.url}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk-good' },
        body: JSON.stringify({ model: 'small', messages: [{ role: 'user', content }] }),
      })
      return { status: response.status, body: await response.text() }
    }
    const reconfigure = (words: Record<string, unknown>) => {
      stages.running.configuration = { ...compiled, plugins: settings(words) }
    }
    return { upstream, say, reconfigure, pipelines: stages.pipelines }
  }

  it('refuses by its own rule before the provider is asked, and nothing else', async () => {
    const { upstream, say, pipelines } = await startWithPlugin({ words: ['falcon'] })
    expect(await say('Hello')).toEqual({ status: 200, body: '{"ok":true}' })
    const refused = await say('What is Falcon?')
    expect(refused.status).toBe(403)
    expect(JSON.parse(refused.body)).toMatchObject({
      error: { code: 'compliance_violation', message: 'The request contains a blocked word' },
    })
    expect(upstream.requests).toHaveLength(1)
    expect(pipelines.report().find(({ name }) => name === 'block-words')).toMatchObject({
      calls: 2,
      denials: 1,
    })
  })

  it('takes a new configuration while it runs', async () => {
    const { say, reconfigure } = await startWithPlugin({ words: ['falcon'] })
    expect((await say('eagle')).status).toBe(200)
    reconfigure({ words: ['eagle'], message: 'No birds' })
    expect((await say('falcon')).status).toBe(200)
    expect((await say('eagle')).body).toContain('No birds')
  })
})
