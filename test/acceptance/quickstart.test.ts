import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Finished, GatehouseProcess } from './gatehouse-process.ts'
import { freePorts, postGraphql, type Quickstart } from './gateway.ts'

const startTimeoutMs = 90_000
const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-acceptance-'))
chmodSync(dataDir, 0o711)
const environment = {
  GATEHOUSE_DATA_DIR: dataDir,
  ...freePorts,
}
let gatehouse: GatehouseProcess

async function start(): Promise<Quickstart> {
  gatehouse = runLauncher(['up'], environment)
  await gatehouse.untilPrinted('Ctrl-C stops everything')
  return JSON.parse(readFileSync(join(dataDir, 'quickstart.json'), 'utf8'))
}

/** As a user starts it. */
function runLauncher(args: readonly string[], settings: Record<string, string> = {}): GatehouseProcess {
  return new GatehouseProcess(args, settings, 'launcher')
}

function runToEnd(args: readonly string[], settings: Record<string, string> = {}): Promise<Finished> {
  return runLauncher(args, settings).finished
}

let quickstart: Quickstart
beforeAll(async () => {
  quickstart = await start()
}, startTimeoutMs)
afterAll(async () => {
  await gatehouse.stop()
  rmSync(dataDir, { recursive: true, force: true })
}, startTimeoutMs)

describe('gatehouse up, from an empty folder', () => {
  it('prints a curl that works when it is pasted', () => {
    const command = /^ {2}curl (?:.*\\\n)*.*$/m.exec(gatehouse.stdout)?.[0] ?? ''
    const answer = execFileSync(
      'bash',
      ['-c', `${command} --silent --show-error --write-out '\n%{http_code}'`],
      {
        encoding: 'utf8',
      },
    )
    const [body, status] = answer.split(/\n(?=\d+$)/)
    expect(status).toBe('200')
    expect(JSON.parse(body ?? '').choices[0].message.content).toContain('Demo answer')
  })

  it('writes what it prints to quickstart.json, for the owner alone', () => {
    expect(statSync(join(dataDir, 'quickstart.json')).mode & 0o777).toBe(0o600)
    const { pageUrl, graphqlUrl, dataPlaneUrl, statusUrl, adminToken, virtualKey, models } = quickstart
    for (const value of [pageUrl, graphqlUrl, dataPlaneUrl, statusUrl, adminToken, virtualKey]) {
      expect(gatehouse.stdout).toContain(value)
    }
    expect(dataPlaneUrl).not.toContain('/v1')
    expect(models).toContain('demo-chat')
  })

  it('serves the official client, given only the base URL and the key', async () => {
    const client = new OpenAI({
      baseURL: `${quickstart.dataPlaneUrl}/v1`,
      apiKey: quickstart.virtualKey,
      maxRetries: 0,
    })
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const chat = await client.chat.completions.create({ model: 'demo-chat', messages })
    let streamed = ''
    for await (const chunk of await client.chat.completions.create({
      model: 'demo-chat',
      messages,
      stream: true,
    })) {
      streamed += chunk.choices[0]?.delta.content ?? ''
    }
    expect(streamed).toBe(chat.choices[0]?.message.content)
    const response = await client.responses.create({ model: 'demo-reasoning', input: 'Hello' })
    expect(response.output_text).toContain('Demo answer')
    const embedding = await client.embeddings.create({ model: 'demo-embedding', input: 'Hello' })
    expect(embedding.data[0]?.embedding).toHaveLength(1536)
    const image = await client.images.generate({ model: 'demo-image', prompt: 'A gate' })
    expect(image.data).toHaveLength(1)
    const models = await client.models.list()
    expect(models.data.length).toBeGreaterThanOrEqual(quickstart.models.length)
  })

  it('shows a page at the control plane', async () => {
    const page = await fetch(quickstart.pageUrl)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
  })

  it('answers the status API', async () => {
    const ready = await fetch(new URL('/readyz', quickstart.statusUrl))
    expect(ready.status).toBe(200)
  })

  it('refuses a second one on the same data dir', async () => {
    const { code, stderr } = await runToEnd(['up'], environment)
    expect(code).toBe(1)
    expect(stderr.trim()).toMatch(/^Gatehouse already runs on [^\n]+$/)
  })

  it('makes an admin token for someone who lost theirs, while it runs', async () => {
    const { code, stdout } = await runToEnd(['create-admin-token'], { GATEHOUSE_DATA_DIR: dataDir })
    expect(code).toBe(0)
    await postGraphql(quickstart.graphqlUrl, stdout.trim(), '{ viewer { id } }', {})
  })
})

describe('the second start', () => {
  it(
    'stops cleanly, finds its data again and issues no second token',
    async () => {
      const { code } = await gatehouse.stop()
      expect(code).toBe(0)
      expect(existsSync(join(dataDir, 'runtime.json'))).toBe(false)
      const { stdout: offline } = await runToEnd(['create-admin-token'], { GATEHOUSE_DATA_DIR: dataDir })

      const again = await start()
      expect(again.adminToken).toBe(quickstart.adminToken)
      expect(again.virtualKey).toBe(quickstart.virtualKey)
      type Tokens = { apiTokens: { edges: { node: { name: string } }[] } }
      const listed = '{ apiTokens(first: 100) { edges { node { name } } } }'
      const { apiTokens } = await postGraphql<Tokens>(again.graphqlUrl, offline.trim(), listed, {})
      expect(apiTokens.edges.map(({ node }) => node.name).toSorted()).toEqual([
        'command line',
        'command line',
        'quickstart',
      ])

      const client = new OpenAI({
        baseURL: `${again.dataPlaneUrl}/v1`,
        apiKey: again.virtualKey,
        maxRetries: 0,
      })
      const answer = await client.chat.completions.create({
        model: 'demo-chat',
        messages: [{ role: 'user', content: 'Hi' }],
      })
      expect(answer.usage?.total_tokens).toBeGreaterThan(0)
    },
    startTimeoutMs,
  )
})

describe('a start that cannot be', () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'gatehouse-acceptance-'))
  afterAll(() => rmSync(elsewhere, { recursive: true, force: true }))

  it.each(['CONTROL_PLANE_PORT', 'DATA_PLANE_PORT', 'DATA_PLANE_STATUS_PORT', 'DEMO_PROVIDER_PORT'])(
    'says in one sentence that the port of %s is in use',
    async (name) => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : undefined
      const { code, stderr } = await runToEnd(['up'], {
        ...environment,
        GATEHOUSE_DATA_DIR: elsewhere,
        [name]: String(port),
      })
      server.close()
      expect(code).toBe(1)
      expect(stderr.trim()).toBe(
        `Port ${port} is in use: stop what listens there, or set ${name} to another port`,
      )
    },
  )

  it('says in one sentence that its folder cannot be written', async () => {
    const file = join(elsewhere, 'file')
    writeFileSync(file, '')
    const { code, stderr } = await runToEnd(['up'], { ...environment, GATEHOUSE_DATA_DIR: file })
    expect(code).toBe(1)
    expect(stderr.trim()).toMatch(/^[^\n]*GATEHOUSE_DATA_DIR[^\n]*$/)
  })

  it('names every setting that is wrong', async () => {
    const { code, stderr } = await runToEnd(['up'], { GATEHOUSE_DATADIR: 'x', DEMO_PROVIDER_PORT: 'y' })
    expect(code).toBe(1)
    expect(stderr).toContain('GATEHOUSE_DATADIR is not a setting of Gatehouse')
    expect(stderr).toContain('DEMO_PROVIDER_PORT must be a port number')
  })

  it.each([
    [],
    ['up'],
    ['control-plane'],
    ['data-plane'],
    ['migrate'],
    ['create-admin-token'],
    ['simulator'],
    ['reset'],
  ])('explains itself: %s --help', async (...command) => {
    const { code, stdout } = await runToEnd([...command, '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('Examples:')
  })
})
