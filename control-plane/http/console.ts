import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ConsoleFile, readConsoleBuild } from './console-build.ts'
import { sendPlainPage } from './plain-page.ts'

/** Where `npm run build:console` puts it. */
export const builtConsole = join(import.meta.dirname, '..', '..', 'dist', 'console')

/** What Vite wrote where a nonce belongs, see `control-plane/console/vite.config.ts`. */
const noncePlaceholder = 'NONCE-OF-THIS-PAGE'

/**
 * Serves the web console: its files, and its page at every address that nothing else answers and that a browser wants
 * to see, because the page itself knows its addresses.
 */
export function registerConsole(fastify: FastifyInstance, directory: string): void {
  const build = readConsoleBuild(directory)
  fastify.get<{ Params: { readonly name: string } }>('/assets/:name', async ({ params, headers }, reply) => {
    const file = (await build.files())?.get(params.name)
    if (!file) return answerNotFound(reply, 'There is no such file of the console')
    return sendFile(reply, file, headers['accept-encoding'])
  })
  const sendPage = async (reply: FastifyReply) => sendIndex(reply, await build.index())
  fastify.get('/', async (_request, reply) => sendPage(reply))
  fastify.setNotFoundHandler(async (request, reply) => {
    if (wantsPage(request)) return sendPage(reply)
    return answerNotFound(reply, `Nothing answers ${request.method} here`)
  })
}

function wantsPage({ method, headers }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && (headers.accept ?? '').includes('text/html')
}

function answerNotFound(reply: FastifyReply, message: string): FastifyReply {
  return reply.code(404).send({ error: { type: 'not_found', message } })
}

/** The name of a file changes with what is in it. */
function sendFile(reply: FastifyReply, file: ConsoleFile, accepted: string | string[] | undefined) {
  reply.headers({
    'content-type': file.type,
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
  })
  if (!/\bgzip\b/.test(String(accepted))) return reply.send(file.content)
  return reply.header('content-encoding', 'gzip').send(file.gzipped)
}

function sendIndex(reply: FastifyReply, index: string | undefined): FastifyReply {
  if (index === undefined) return sendPlainPage(reply.code(503), notBuilt)
  const nonce = randomBytes(16).toString('base64')
  reply.headers({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy(nonce),
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  })
  return reply.send(index.replaceAll(noncePlaceholder, nonce))
}

/** Mantine puts style elements into the page as components come: they bear the nonce, and nothing else is let in. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const notBuilt = {
  title: 'The console is not built',
  content: `<p>Run <code>npm run build:console</code> where Gatehouse is installed, then load this page again.
<code>npm ci</code> does it too, unless it leaves the development dependencies out.</p>
<p>The API works without it: <a href="/graphiql">its editor</a>.</p>`,
}
