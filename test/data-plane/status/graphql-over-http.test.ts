import type { FastifyInstance } from 'fastify'
import { auditServer } from 'graphql-http'
import { afterEach, expect, it } from 'vitest'
import { createStatusServer } from '../../../data-plane/status/server.ts'
import { findingsOf } from '../../graphql-cop.ts'
import { healthySources } from './healthy-sources.ts'

const token = 'a-token-of-32-characters-or-more'
const authorization = `Bearer ${token}`
let app: FastifyInstance | undefined
afterEach(() => app?.close())

async function listen(options: { token: string | undefined }): Promise<string> {
  app = await createStatusServer({ sources: healthySources, log: { error() {} }, ...options })
  return `${await app.listen({ host: '127.0.0.1', port: 0 })}/status/graphql`
}

it('speaks GraphQL over HTTP: of graphql-http’s audits only those of GET are not met, which is closed', async () => {
  const url = await listen({ token: undefined })
  const results = await auditServer({ url, fetchFn: fetch })
  const unmet = results.filter(({ status }) => status !== 'ok')
  expect(unmet.map(({ status, name }) => `${status}: ${name}`)).toEqual([
    'notice: MAY accept application/x-www-form-urlencoded formatted GET requests',
    'notice: MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
    'notice: MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json',
  ])
})

it('gives graphql-cop nothing to find, on loopback or beyond, with the token or without', async () => {
  expect(await findingsOf(await listen({ token: undefined }))).toEqual([])
  await app?.close()
  const url = await listen({ token })
  expect(await findingsOf(url)).toEqual([])
  expect(await findingsOf(url, { authorization })).toEqual([])
})
