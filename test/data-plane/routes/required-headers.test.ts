import { describe, expect, it } from 'vitest'
import { compileRequiredValue } from '../../../contract/required-headers.ts'
import { authorization, serve } from './wire.ts'

const required = (name: string, pattern: string) => ({ name, accepts: compileRequiredValue(pattern) })
const requiredHeaders = [required('x-app', '*'), required('x-team', 'team-\\d+')]
const good = { 'x-app': 'checkout', 'x-team': 'team-7' }

async function call(headers: Record<string, string>, { method = 'GET', path = 'models' } = {}) {
  const { url, seen } = await serve({ configuration: { requiredHeaders } })
  const answer = await fetch(`${url}/v1/${path}`, { method, headers })
  return { status: answer.status, body: (await answer.json()) as { error?: Record<string, unknown> }, seen }
}

describe('a call without a required header', () => {
  it.each([
    ['GET', 'models'],
    ['GET', 'models/openai/gpt'],
    ['POST', 'chat/completions'],
    ['POST', 'completions'],
    ['POST', 'embeddings'],
    ['POST', 'responses'],
    ['POST', 'images/generations'],
    ['POST', 'files'],
    ['PUT', 'models'],
  ])('is refused on every route: %s /v1/%s [X0-28]', async (method, path) => {
    const { status, body, seen } = await call({ authorization }, { method, path })
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ type: 'missing_required_headers', param: 'x-app, x-team' })
    expect(body.error?.message).toContain('without a value: x-app, x-team')
    expect(seen.provider).toBe(0)
    expect(seen.outcomes).toMatchObject([{ outcome: 'denied', errorCode: 'missing_required_headers' }])
  })

  it('is refused before its key is looked at', async () => {
    expect((await call({ authorization: 'Bearer unknown' })).status).toBe(400)
    expect((await call({ ...good, authorization: 'Bearer unknown' })).status).toBe(401)
  })

  it('is served with them, whatever their case', async () => {
    expect((await call({ authorization, 'X-APP': 'checkout', 'X-Team': 'team-7' })).status).toBe(200)
  })

  it.each([
    ['an empty value', { ...good, 'x-app': '' }, /without a value: x-app/],
    ['another value', { ...good, 'x-team': 'team-x' }, /with another value than is asked for: x-team/],
    ['more than the value', { ...good, 'x-team': 'team-7, team-8' }, /than is asked for: x-team/],
    ['the value in another case', { ...good, 'x-team': 'TEAM-7' }, /than is asked for: x-team/],
    ['a twin of its name', { 'x-app': 'a', x_team: 'team-7' }, /without a value: x-team/],
    ['the prefix before its name', { 'x-app': 'a', 'x-bf-eh-x-team': 'team-7' }, /without a value: x-team/],
  ])('is refused with %s, and told which header it is', async (_, headers, message) => {
    const { status, body } = await call({ authorization, ...headers })
    expect(status).toBe(400)
    expect(body.error?.message).toMatch(message)
    // What is asked for is nobody's business who does not know it.
    expect(body.error?.message).not.toContain('\\d')
  })

  it.each([
    ['two good lines', ['x-team: team-7', 'x-team: team-8'], 400],
    ['a good line before a bad one', ['x-team: team-7', 'X-TEAM: evil'], 400],
    ['a good line behind a bad one', ['x-team: evil', 'x-team: team-7'], 400],
    ['a good line and an empty one', ['x-team: team-7', 'x-team:'], 200],
    ['nothing but empty lines', ['x-team:', 'x-team:'], 400],
  ])('a header in several lines counts as their list: %s', async (_, lines, expected) => {
    const { raw } = await serve({ configuration: { requiredHeaders } })
    const head = ['GET /v1/models HTTP/1.1', 'host: a', 'connection: close', 'x-app: a', ...lines]
    const answer = await raw(`${[...head, `authorization: ${authorization}`].join('\r\n')}\r\n\r\n`)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${expected} `))
  })

  it('of whose lines Node would keep the first alone is judged by all of them', async () => {
    const { raw } = await serve({ configuration: { requiredHeaders: [required('user-agent', 'good')] } })
    const head = [
      'GET /v1/models HTTP/1.1',
      'host: a',
      'connection: close',
      'user-agent: good',
      'user-agent: evil',
    ]
    expect(await raw(`${head.join('\r\n')}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 400 [\s\S]*missing_required_headers/,
    )
  })
})

it('a browser’s preflight, which carries none of its page’s headers, is answered', async () => {
  const origin = 'https://app.example.com'
  const { url } = await serve({ configuration: { requiredHeaders, allowedOrigins: [origin] } })
  const headers = { origin, 'access-control-request-method': 'POST' }
  expect((await fetch(`${url}/v1/embeddings`, { method: 'OPTIONS', headers })).status).toBe(204)
  expect((await fetch(`${url}/v1/models`, { headers: { origin, authorization } })).status).toBe(400)
})
