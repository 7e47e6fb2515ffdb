import type { Operation } from '../../plugins/sdk/call.ts'

export interface Route {
  readonly method: 'GET' | 'POST'
  /** Fastify's pattern. */
  readonly url: string
  readonly operation: Operation
}

/** Everything that is served below `/v1`. */
export const routes: readonly Route[] = [
  { method: 'POST', url: '/v1/chat/completions', operation: 'chat.completions' },
  { method: 'POST', url: '/v1/completions', operation: 'completions' },
  { method: 'POST', url: '/v1/embeddings', operation: 'embeddings' },
  { method: 'POST', url: '/v1/responses', operation: 'responses' },
  { method: 'POST', url: '/v1/images/generations', operation: 'images.generations' },
  { method: 'GET', url: '/v1/models', operation: 'models.list' },
  { method: 'GET', url: '/v1/quota', operation: 'quota' },
  // A model's name may contain a slash.
  { method: 'GET', url: '/v1/models/*', operation: 'models.list' },
]

/** The methods that a path serves, for `Allow`; none when the path is unknown. */
export function methodsOf(path: string): readonly string[] {
  return routes.filter(({ url }) => matches(url, path)).map(({ method }) => method)
}

function matches(url: string, path: string): boolean {
  return url.endsWith('*') ? path.startsWith(url.slice(0, -1)) && path.length >= url.length : path === url
}
