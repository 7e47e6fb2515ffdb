import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { TypedDocumentString } from '../generated/graphql.ts'
import { CommandFailed } from './failures.ts'

const requestTimeoutMs = 120_000

/** The GraphQL API of a control plane, asked with one token. */
export interface ControlPlane {
  readonly url: string
  /** @throws CommandFailed with the API's own words */
  run<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result>
  /**
   * What a route beside GraphQL answers, as it comes.
   *
   * @throws CommandFailed with the route's own words
   */
  download(path: string, search: URLSearchParams): Promise<Readable>
}

export function controlPlaneAt(url: string, token: string): ControlPlane {
  return {
    url,
    async run<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables) {
      const response = await post(url, token, JSON.stringify({ query: document.toString(), variables }))
      if (response.status === 401) throw await tokenRefused(url, response)
      const { data, errors } = await read<Result>(url, response)
      if (errors?.length || data === undefined || data === null) {
        const reasons = errors?.map(({ message }) => message).join('\n')
        throw new CommandFailed(reasons || `${url} answered ${response.status} without data`)
      }
      return data
    },
    async download(path, search) {
      const address = new URL(path, url)
      address.search = search.toString()
      const { href } = address
      const response = await ask(href, { headers: { authorization: `Bearer ${token}` } })
      if (response.status === 401) throw await tokenRefused(url, response)
      if (!response.ok || !response.body) throw new CommandFailed(await refusalOf(href, response))
      return Readable.fromWeb(response.body as ReadableStream)
    },
  }
}

function post(url: string, token: string, body: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return ask(url, { method: 'POST', headers, body })
}

async function ask(url: string, request: RequestInit): Promise<Response> {
  const signal = AbortSignal.timeout(requestTimeoutMs)
  try {
    return await fetch(url, { ...request, signal })
  } catch (error) {
    if (signal.aborted) throw new CommandFailed(`${url} did not answer within ${requestTimeoutMs / 1000} s`)
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
    throw new CommandFailed(`${url} cannot be reached${cause}`)
  }
}

async function read<Result>(url: string, response: Response) {
  try {
    return (await response.json()) as { data?: Result; errors?: { message: string }[] }
  } catch {
    throw new CommandFailed(`${url} answered ${response.status} and no JSON: is it a control plane?`)
  }
}

async function refusalOf(url: string, response: Response): Promise<string> {
  const unknown = `${url} answered ${response.status}: is it a control plane of this release?`
  try {
    const { error } = (await response.json()) as { error?: { message?: string } }
    return error?.message ?? unknown
  } catch {
    return unknown
  }
}

/** A token that is valid may be of a kind that its organization does not accept: only the API's own words tell. */
async function tokenRefused(url: string, response: Response): Promise<CommandFailed> {
  const refused = `${url} does not accept the token`
  try {
    const { errors, error } = (await response.json()) as {
      errors?: { message?: string }[]
      error?: { message?: string }
    }
    const reason = errors?.[0]?.message ?? error?.message
    return new CommandFailed(reason === undefined ? refused : `${refused}: ${reason}`)
  } catch {
    return new CommandFailed(refused)
  }
}
