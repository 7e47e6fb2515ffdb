import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { csvParameters } from '../../../cli/usage/csv.ts'
import { GatehouseProcess } from '../../acceptance/gatehouse-process.ts'
import { type Gateway, startGateway } from '../../environment/gateway.ts'
import { bifrostSample } from './bifrost-sample.ts'

let gateway: Gateway
let directory: string
let environment: Record<string, string>

beforeAll(async () => {
  gateway = await startGateway()
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'))
  environment = {
    GATEHOUSE_URL: new URL(gateway.graphqlUrl).origin,
    GATEHOUSE_TOKEN: gateway.adminToken,
    GATEHOUSE_DATA_DIR: directory,
    NO_COLOR: '1',
  }
})
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await gateway.stop()
})

function write(name: string, content: string): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

const run = (args: readonly string[], more: Record<string, string> = {}) =>
  new GatehouseProcess(args, { ...environment, ...more }).finished

const file = `version: 1
customers:
  - name: Globex
    budgets: [{ limitUsd: 100, period: MONTH }]
teams:
  - name: Build
    customer: Globex
virtualKeys:
  - name: ci
    owner: { team: Build }
    providers:
      - provider: demo
        models: [demo-chat]
`

/** The answer to a call with this key, once the data plane knows the key. */
async function call(key: string, model: string): Promise<number> {
  const signal = AbortSignal.timeout(30_000)
  for (;;) {
    const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'x-bf-vk': key, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
      signal,
    })
    await response.arrayBuffer()
    if (response.status !== 401) return response.status
    await delay(50)
  }
}

// Each command is a process of its own, which takes its time on a busy machine.
const patience = { timeout: 180_000 }

describe('gatehouse apply', patience, () => {
  it('shows the differences, applies them, and has nothing to do the second time', async () => {
    const path = write('gatehouse.yaml', file)
    const tried = await run(['apply', '-f', path, '--dry-run'])
    expect(tried.stdout).toContain('+ team default/Build\n    customer: "Globex"')
    expect(tried.stdout).toContain('4 to create, 0 to update, 0 to delete')
    expect(tried.code).toBe(0)

    const applied = await run(['apply', '-f', path, '--yes'])
    expect(applied.code).toBe(0)
    expect(applied.stderr).toContain('Applying 4 changes')
    const secret = /default\/ci +(sk-gh-\w+)/.exec(applied.stdout)?.[1] ?? ''
    expect(await call(secret, 'demo/demo-chat')).toBe(200)

    const again = await run(['apply', '-f', path, '--yes'])
    expect(again).toMatchObject({ code: 0, stdout: 'Nothing to change.\n' })
  })

  it('does nothing unasked where nobody can be asked', async () => {
    const path = write('more.yaml', 'version: 1\ncustomers: [{ name: Unasked }]\n')
    const { code, stderr } = await run(['apply', '-f', path])
    expect(code).toBe(1)
    expect(stderr).toContain('--yes')
    expect((await run(['apply', '-f', path, '--dry-run'])).stdout).toContain('1 to create')
  })

  it('names file, line and field of every mistake, and exits with 2', async () => {
    const broken = write(
      'broken.yaml',
      'version: 1\ncustomers:\n  - name: One\n    budget: {}\n  - nam: Two\nvirtualKeys:\n  - name: k\n    owner: { team: Nobody }\n    allowed_keys: []\n',
    )
    const { code, stderr } = await run(['apply', '-f', broken, '--yes'])
    expect(code).toBe(2)
    expect(stderr).toContain(
      `${broken}:4:5 customers[0].budget: unknown field "budget": it is called "budgets" here`,
    )
    expect(stderr).toContain(`${broken}:5:5 customers[1].nam: unknown field "nam"`)
    expect(stderr).toContain(
      `${broken}:9:5 virtualKeys[0].allowed_keys: unknown field "allowed_keys": it is called "keys" here`,
    )
    expect(stderr).toContain('4 mistakes; nothing was changed')
    const refused = write('refused.yaml', file.replace('team: Build', 'team: Nobody'))
    expect((await run(['apply', '-f', refused, '--yes'])).stderr).toContain(
      `${refused}:10:14 virtualKeys[0].owner.team: there is no team "Nobody"`,
    )
    const twice = write('twice.yaml', 'version: 1\nversion: 1\n')
    expect((await run(['apply', '-f', twice])).stderr).toContain(`${twice}:2:1 `)
  })

  it('takes a Bifrost config.json with a warning for each member without counterpart, and its key works', async () => {
    const path = write('config.json', JSON.stringify(bifrostSample(gateway.simulator.baseUrl), null, 2))
    const secret = `sk-bf-${'0123456789abcdef'.repeat(2)}`
    const variables = { SIMULATED_API_KEY: 'sk-simulated', VK_PLATFORM: secret }
    const { code, stderr, stdout } = await run(['apply', '-f', path, '--yes'], variables)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const warned = [...stderr.matchAll(/config\.json:\d+:\d+ (\S+): /g)].map(([, pointer]) => pointer)
    expect(warned).toEqual(
      expect.arrayContaining([
        '/encryption_key',
        '/config_store',
        '/client/initial_pool_size',
        '/providers/openai/network_config/max_retries',
        '/governance/routing_rules',
        '/governance/virtual_keys/0/provider_configs/0/allowed_keys',
        '/governance/virtual_keys/1/value',
      ]),
    )
    expect(warned).not.toContain('/governance/rate_limits/0/token_max_limit')
    expect(warned).not.toContain('/client/allowed_origins')
    expect(stdout).not.toContain(secret)
    expect(await call(secret, 'openai/gpt-4o-mini')).toBe(200)
    expect(await run(['apply', '-f', path, '--yes'], variables)).toMatchObject({
      code: 0,
      stdout: 'Nothing to change.\n',
    })
  })
})

describe('gatehouse export', patience, () => {
  it('writes a file without secrets that changes nothing when it is applied', async () => {
    const exported = await run(['export'])
    expect(exported.code).toBe(0)
    expect(exported.stdout).toContain('secret: $')
    expect(exported.stdout).not.toMatch(/sk-/)
    const path = write('exported.yaml', exported.stdout)
    expect(await run(['apply', '-f', path, '--prune', '--yes'])).toMatchObject({
      code: 0,
      stdout: 'Nothing to change.\n',
    })
  })
})

describe('the daily commands', patience, () => {
  it('issue, list, rotate and revoke a key', async () => {
    const issued = await run([
      'keys',
      'issue',
      'nightly',
      '--user',
      'ada@example.com',
      '--allow',
      'demo/demo-chat',
    ])
    const secret = issued.stdout.trim()
    expect(secret).toMatch(/^sk-gh-\w{49}$/)
    expect(await call(secret, 'demo-chat')).toBe(200)
    const listed = await run(['keys', 'list', '--search', 'night'])
    expect(listed.stdout).toMatch(
      /^NAME +ID +STATUS +OWNER +MAY USE +EXPIRES\nnightly +vk_\w+ +active +user ada@example.com +demo\/demo-chat +never\n$/,
    )

    const rotated = await run(['keys', 'rotate', 'nightly', '--overlap', '0s', '--json'])
    const { secret: next } = JSON.parse(rotated.stdout) as { secret: string }
    expect(await call(next, 'demo-chat')).toBe(200)
    expect(await run(['keys', 'revoke', 'nightly'])).toMatchObject({ code: 1 })
    expect(await run(['keys', 'revoke', 'nightly', '--yes', '--wait'])).toMatchObject({ code: 0 })
    expect(await call(next, 'demo-chat')).toBe(403)
    const revoked = await run(['keys', 'list', '--search', 'nightly', '--json'])
    expect(JSON.parse(revoked.stdout)).toMatchObject([{ name: 'nightly', status: 'REVOKED' }])
  })

  it('usage sums the calls by what is asked for', async () => {
    const signal = AbortSignal.timeout(30_000)
    let usage = await run(['usage', '--since', '1h', '--by', 'model'])
    while (!usage.stdout.includes('demo-chat') && !signal.aborted) {
      usage = await run(['usage', '--since', '1h', '--by', 'model'])
    }
    expect(usage.stdout).toMatch(/^MODEL +CALLS +INPUT TOKENS +OUTPUT TOKENS +COST USD\n/)
    expect(usage.stdout).toMatch(/demo-chat +\d+ +\d+ +\d+ +0\.\d{6}\n/)
    expect(await run(['usage', '--by', 'colour'])).toMatchObject({ code: 2 })
  })

  it('usage --csv writes what `GET /usage.csv` answers, to stdout or a file, and its refusals in words', async () => {
    const path = join(directory, 'usage.csv')
    const grouped = ['usage', '--csv', '--since', '1h', '--group-by', 'MODEL,OUTCOME']
    const printed = await run(grouped)
    expect(printed).toMatchObject({ code: 0, stderr: '' })
    expect(printed.stdout).toMatch(
      /^requested_model,outcome,requests,input_tokens,output_tokens,cost_nano_usd\r\n(?:.*\r\n)*demo-chat,succeeded,\d+,/,
    )
    expect(
      await run([...grouped, '--outcomes', 'succeeded', '--outcomes', 'failed', '--output', path]),
    ).toEqual({
      ...{ code: 0, stdout: '', stderr: `Wrote ${path}\n` },
    })
    expect(readFileSync(path, 'utf8')).toMatch(/^requested_model,.*\r\n(?:.*\r\n)*demo-chat,succeeded,/)
    expect(await run(['usage', '--csv', '--group-by', 'COLOUR'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^groupBy: is one of ORGANIZATION, /),
    })
    expect(await run([...grouped, '--output', join(directory, 'none', 'usage.csv')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be written: ENOENT'),
    })
    expect(await run(['usage', '--time-zone', 'UTC'])).toMatchObject({
      ...{ code: 2, stderr: '--time-zone needs --csv\n' },
    })
  })

  it('usage --csv has a flag for every parameter of the route', async () => {
    const answer = await fetch(new URL('/usage.csv?nothing=1', gateway.graphqlUrl), {
      headers: { authorization: `Bearer ${gateway.adminToken}` },
    })
    const { error } = (await answer.json()) as { error: { message: string } }
    const [, names = ''] = /is not one of (.*)$/.exec(error.message) ?? []
    expect(names.split(', ').toSorted()).toEqual(csvParameters.toSorted())
    const help = (await run(['usage', '--help'])).stdout
    for (const name of csvParameters) {
      expect(help).toContain(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} `)
    }
  })

  it('audit tail follows what happens', async () => {
    const tail = new GatehouseProcess(['audit', 'tail', '-n', '1', '--follow', '--json'], environment)
    await tail.untilPrinted('"at":')
    const path = write('followed.yaml', 'version: 1\ncustomers: [{ name: Followed }]\n')
    await run(['apply', '-f', path, '--yes'])
    await tail.untilPrinted('"Followed"')
    expect((await tail.stop()).code).toBe(0)
  })

  it('say what is wrong in one line: no token, a wrong one, nobody there', async () => {
    const { GATEHOUSE_TOKEN: _, ...without } = environment
    expect(await new GatehouseProcess(['keys', 'list'], without).finished).toMatchObject({ code: 2 })
    const wrong = await run(['keys', 'list'], { GATEHOUSE_TOKEN: 'ghat.org_1.tok_1.wrong' })
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toContain('does not accept the token')
    const nobody = await run(['keys', 'list', '--url', 'http://127.0.0.1:1'])
    expect(nobody.stderr).toMatch(/cannot be reached.*\n$/)
  })

  it.each(['bash', 'zsh', 'fish'])('completion %s knows every command', async (shell) => {
    const { code, stdout } = await run(['completion', shell])
    expect(code).toBe(0)
    for (const word of ['apply', 'export', 'rotate', 'tail', 'overlap']) expect(stdout).toContain(word)
  })
})
