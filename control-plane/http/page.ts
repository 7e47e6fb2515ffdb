import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import type { FastifyInstance } from 'fastify'
import { exampleOperations } from './example-operations.ts'
import { graphqlPath } from './graphql-endpoint.ts'

const contentSecurityPolicy = [
  "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Serves the API's page at `/`: an editor with example operations, complete in itself, for work without internet. */
export function registerPage(fastify: FastifyInstance): void {
  let page: Promise<Buffer> | undefined
  fastify.get('/', async (_request, reply) => {
    page ??= promisify(gzip)(renderPage())
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        // Every browser of this century takes gzip, and nobody else wants an editor.
        'content-encoding': 'gzip',
        'content-security-policy': contentSecurityPolicy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
      .send(await page)
  })
}

function renderPage(): string {
  return renderGraphiQL({
    title: 'Gatehouse',
    endpoint: graphqlPath,
    defaultTabs: exampleOperations.map(({ query, variables }) => ({
      query,
      variables: variables ? JSON.stringify(variables, null, 2) : null,
      headers: JSON.stringify({ Authorization: 'Bearer ghat.…' }, null, 2),
    })),
    shouldPersistHeaders: false,
    schemaDescription: true,
  })
}
