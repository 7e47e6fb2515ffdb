import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApi, type Tenant, type TestApi } from '../api.ts'

/** What asks who somebody is before anything else. */
const guarded = [
  ...['GET /graphql', 'POST /graphql', 'GET /usage.csv', 'GET /metrics', 'GET /auth/step-up'],
  ...['POST /auth/token', 'POST /data-planes/:organizationId/:dataPlaneId/configuration'],
]

/** What has to be open, for nobody has a credential yet, and what it says to whoever sends nothing. */
const open: Readonly<Record<string, number>> = {
  'GET /healthz': 200,
  'GET /readyz': 200,
  // The console and the editor know nothing before somebody signs in.
  'GET /': 200,
  'GET /assets/:name': 404,
  'GET /graphiql': 200,
  // Signing in, by an identity provider or by break-glass, and out.
  'GET /auth/providers': 200,
  'GET /auth/oidc/:name/login': 404,
  'GET /auth/oidc/:name/callback/:organization': 400,
  'POST /auth/oidc/:name/back-channel-logout': 404,
  'GET /auth/test-sign-in': 404,
  'POST /auth/break-glass': 400,
  'POST /auth/break-glass/enrolment': 400,
  'POST /auth/break-glass/enrolment/confirmation': 400,
  'POST /auth/logout': 200,
  // A data plane brings an enrolment token in the body.
  'POST /data-planes/enrol': 400,
}

const registered = new Set<string>()
let api: TestApi
let tenant: Tenant

beforeAll(async () => {
  const listen = (message: unknown) => {
    const { fastify } = message as { readonly fastify: FastifyInstance }
    fastify.addHook('onRoute', ({ method, path }) => {
      for (const one of [method].flat()) registered.add(`${one} ${path}`)
    })
  }
  subscribe('fastify.initialization', listen)
  try {
    api = await startApi({ statusToken: 'a-token-of-sixteen-or-more' })
  } finally {
    unsubscribe('fastify.initialization', listen)
  }
  tenant = await api.createTenant('Acme')
})
afterAll(() => api.close())

async function ask(route: string, headers: Record<string, string> = {}) {
  const [method = '', path = ''] = route.split(' ')
  const { url } = api.controlPlane
  const isPost = method === 'POST'
  const response = await fetch(url + path.replaceAll(/:\w+/g, 'x'), {
    ...{ method, redirect: 'manual' },
    headers: { ...(isPost && { 'content-type': 'application/json', origin: url }), ...headers },
    ...(isPost && { body: '{}' }),
  })
  return { status: response.status, text: await response.text() }
}

it('all that the control plane answers is guarded, or open for a reason [S1-03]', () => {
  // Fastify answers HEAD where it answers GET, without the body.
  const routes = [...registered].filter((route) => !route.startsWith('HEAD '))
  expect(routes.toSorted()).toEqual([...guarded, ...Object.keys(open)].toSorted())
})

it.each(guarded)('%s tells nothing without a credential, or with a wrong one', async (route) => {
  // A GET that a page of another site could send is refused before anybody asks who sends it.
  const own: Record<string, string> = route === 'GET /graphql' ? { 'apollo-require-preflight': '1' } : {}
  expect((await ask(route, own)).status).toBe(401)
  for (const authorization of ['Bearer ghat.wrong', `Bearer ${tenant.token}x`, 'Basic YTpi']) {
    expect((await ask(route, { authorization, ...own })).status).toBe(401)
  }
})

it.each(Object.entries(open))('%s tells nothing of the organization', async (route, status) => {
  const answer = await ask(route)
  expect(answer.status).toBe(status)
  for (const told of [tenant.organizationId, 'Acme']) expect(answer.text).not.toContain(told)
})
