import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakePerson {
  readonly name: string
  readonly email: string
  readonly active: boolean
  /** Of the realm, the application or the project. */
  readonly roles?: readonly string[]
}

/** Who is in a directory, by id, and who is in which group. Changed, it holds from the next request on. */
export interface Population {
  readonly people: Map<string, FakePerson>
  readonly groups: Map<string, ReadonlySet<string>>
}

export interface DirectoryRequest {
  readonly method: string
  /** Of this server: where next pages are. */
  readonly origin: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface DirectoryAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** How one product's API answers; undefined for what it does not have. */
export type DirectoryApi = (request: DirectoryRequest, population: Population) => DirectoryAnswer | undefined

export interface DirectoryServer extends Population {
  readonly url: string
  /** Every request so far, `GET /api/v1/users?limit=200`. */
  readonly requests: string[]
  readonly behaviour: DirectoryBehaviour
  close(): Promise<void>
}

export interface DirectoryBehaviour {
  /** What it answers instead of what its API would; undefined: that. */
  instead: ((request: DirectoryRequest) => DirectoryAnswer | undefined) | null
}

/** A directory on loopback that speaks a product's API over HTTP. */
export async function startDirectoryServer(api: DirectoryApi): Promise<DirectoryServer> {
  const population: Population = { people: new Map(), groups: new Map() }
  const requests: string[] = []
  const behaviour: DirectoryBehaviour = { instead: null }
  const server = createServer(async (incoming, response) => {
    let body = ''
    for await (const chunk of incoming) body += String(chunk)
    const url = new URL(incoming.url ?? '/', origin)
    requests.push(`${incoming.method} ${incoming.url}`)
    const request: DirectoryRequest = {
      ...{ method: incoming.method ?? 'GET', origin, path: decodeURIComponent(url.pathname) },
      ...{ query: url.searchParams, headers: incoming.headers, body },
    }
    const answer = behaviour.instead?.(request) ?? api(request, population) ?? { status: 404 }
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ url: origin, requests, behaviour, ...population },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Part of a list, and where the next one begins. */
export function pageOf<T>(all: Iterable<T>, from: number, most: number): { rows: T[]; next: number | null } {
  const rows = [...all]
  const next = from + most
  return { rows: rows.slice(from, next), next: next < rows.length ? next : null }
}

export function groupId(name: string): string {
  return `group-${Buffer.from(name).toString('hex')}`
}

export function groupWithId(
  { groups }: Population,
  id: string | undefined,
): [string, ReadonlySet<string>] | undefined {
  return [...groups].find(([name]) => groupId(name) === id)
}
