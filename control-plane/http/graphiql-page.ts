import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import type { FastifyInstance } from 'fastify'
import { exampleOperations } from './example-operations.ts'
import { pageStyle } from './graphiql-style.ts'
import { graphqlPath } from './graphql-endpoint.ts'
import { restoreTab } from './restored-tab.ts'
import { renderTokenBar } from './token-bar.ts'

const contentSecurityPolicy = [
  "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "form-action 'none'",
  "base-uri 'none'",
].join('; ')

export const graphiqlPath = '/graphiql'

/** Serves the API's editor with example operations, complete in itself, for work without internet. */
export function registerGraphiql(fastify: FastifyInstance): void {
  let page: Promise<Buffer> | undefined
  fastify.get(graphiqlPath, async (_request, reply) => {
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

const pageHead = `<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>${pageStyle}</style>\n`

function renderPage(): string {
  const editor = renderGraphiQL({
    title: 'Gatehouse',
    endpoint: graphqlPath,
    defaultTabs: exampleOperations.map(({ query, variables }) => ({
      query,
      variables: variables ? JSON.stringify(variables, null, 2) : null,
    })),
    shouldPersistHeaders: false,
    schemaDescription: true,
  })
  const withHead = insertBefore(editor, '</head>', pageHead)
  return insertBefore(
    withHead,
    '<div id="root">',
    `${renderTokenBar(graphqlPath)}<script>(${restoreTab})()</script>\n`,
  )
}

function insertBefore(page: string, mark: string, insertion: string): string {
  const at = page.indexOf(mark)
  if (at === -1) throw new Error(`the editor's page has no ${mark}`)
  return page.slice(0, at) + insertion + page.slice(at)
}
