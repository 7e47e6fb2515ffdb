import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareEnvironment } from '../acceptance/bare-environment.ts'
import { type Gateway, startGateway } from '../acceptance/gateway.ts'
import { root } from '../source-tree.ts'
import { readSteps, type Step } from './markdown-steps.ts'
import { differences, fillIn, type Words } from './printed-answer.ts'

const page = readFileSync(join(root, 'docs/api.md'), 'utf8')
const steps = readSteps(page)
const run = promisify(execFile)
const answersWithinMs = 30_000

let gateway: Gateway
const words: Words = new Map()

/** Fresh, as `npm start` gives it. */
beforeAll(async () => {
  gateway = await startGateway()
  const asked = '{ providers(first: 1) { edges { node { baseUrl } } } }'
  const found = await gateway.graphql<{ providers: { edges: { node: { baseUrl: string } }[] } }>(asked)
  words.set('TOKEN', gateway.adminToken)
  words.set('CONTROL_PLANE', new URL(gateway.graphqlUrl).origin)
  words.set('DATA_PLANE', new URL(gateway.dataPlaneUrl).origin)
  words.set('PROVIDER_URL', found.providers.edges[0]?.node.baseUrl ?? '')
})

afterAll(() => gateway.stop())

async function perform({ kind, text, variables }: Step): Promise<unknown> {
  if (kind === 'graphql') {
    return post({ query: text, variables: fillIn(variables ?? {}, words) })
  }
  const env = { ...Object.fromEntries(words), ...bareEnvironment() }
  const { stdout } = await run('bash', ['-c', `${setup}\n${text}`], { env, timeout: answersWithinMs })
  return JSON.parse(stdout)
}

async function post(body: object): Promise<unknown> {
  const response = await fetch(gateway.graphqlUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return response.json()
}

/** What the page has its reader type once. */
const setup = /```sh setup\n(.*?)\n```/s.exec(page)?.[1] ?? ''

/** A mutation is done once; what only looks is done until it sees what is printed, for data planes follow within a second. */
async function untilAsPrinted(step: Step): Promise<string[]> {
  const isChange = step.kind === 'graphql' && /^\s*mutation\b/m.test(step.text)
  const signal = AbortSignal.timeout(answersWithinMs)
  for (;;) {
    const answer = await perform(step)
    const learned = new Map(words)
    const found = differences(step.answer, answer, learned)
    if (found.length === 0) for (const [name, value] of learned) words.set(name, value)
    if (found.length === 0 || isChange || signal.aborted) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe('docs/api.md', () => {
  it('has ten tasks, and an answer to each step', () => {
    expect(new Set(steps.map(({ task }) => task)).size).toBe(10)
    expect(steps.filter(({ answer }) => answer === undefined).map(({ line }) => `line ${line}`)).toEqual([])
  })

  it.each(steps)('$task, line $line: answers as printed', async (step) => {
    expect(await untilAsPrinted(step)).toEqual([])
  })

  it('sends an operation with curl as it says', async () => {
    const answer = await perform({
      ...{ task: '', line: 0, kind: 'sh', variables: undefined, answer: undefined },
      text: `gql 'query Me($id: ID!) { node(id: $id) { __typename } }' '{"id":"'$TEAM'"}'`,
    })
    expect(answer).toEqual({ data: { node: { __typename: 'Team' } } })
  })
})
