import { setTimeout as delay } from 'node:timers/promises'
import { type OutboundFetch, OutboundRefused, type OutboundRequest } from '../sign-in/outbound.ts'
import { DirectoryFailed } from './directory.ts'

const mostBytes = 16 * 1024 * 1024
const mostAttempts = 5
const longestWaitMs = 30_000
const firstWaitMs = 500
/** Too many requests, or an outage: RFC 6585 §4, RFC 9110 §15.6. */
const passing = new Set([429, 502, 503, 504])

/** What makes the directory believe a request; called anew after a refusal. */
export interface Authorization {
  /** The value of the header `Authorization`. */
  header(signal: AbortSignal): Promise<string>
  /** The last one was refused. */
  forget(): void
}

export interface JsonAnswer {
  readonly body: unknown
  readonly headers: Headers
}

/** Asks one origin for JSON. Whatever leads elsewhere is not followed: the credential would go there too. */
export class DirectoryClient {
  readonly base: string
  readonly #origin: string
  readonly #fetch: OutboundFetch
  readonly #authorization: Authorization

  constructor(base: string, fetch: OutboundFetch, authorization: Authorization) {
    this.base = base.replace(/\/+$/, '')
    this.#origin = new URL(this.base).origin
    this.#fetch = fetch
    this.#authorization = authorization
  }

  /** @throws DirectoryFailed */
  async get(path: string, signal: AbortSignal): Promise<JsonAnswer> {
    return jsonOf(await this.#ask(path, {}, signal))
  }

  /** As {@link get}; null where there is nothing (RFC 9110 §15.5.5). @throws DirectoryFailed */
  async find(path: string, signal: AbortSignal): Promise<JsonAnswer | null> {
    const answer = await this.#ask(path, {}, signal)
    return answer.status === 404 ? null : jsonOf(answer)
  }

  /** @throws DirectoryFailed */
  async post(path: string, body: object, signal: AbortSignal): Promise<JsonAnswer> {
    const headers = { 'content-type': 'application/json' }
    return jsonOf(await this.#ask(path, { method: 'POST', headers, body: JSON.stringify(body) }, signal))
  }

  async #ask(path: string, request: OutboundRequest, signal: AbortSignal): Promise<Response> {
    const url = this.#pinned(path)
    const answer = await this.#authorized(url, request, signal)
    if (answer.status !== 401) return answer
    this.#authorization.forget()
    return this.#authorized(url, request, signal)
  }

  async #authorized(url: string, request: OutboundRequest, signal: AbortSignal): Promise<Response> {
    const authorization = await this.#authorization.header(signal)
    const headers = { accept: 'application/json', ...request.headers, authorization }
    return askPatiently(this.#fetch, url, { ...request, headers, signal, mostBytes })
  }

  /** What a directory calls its next page is its own word: it stays where the credential belongs. */
  #pinned(path: string): string {
    const url = URL.parse(path.startsWith('/') ? `${this.base}${path}` : path)
    if (url?.origin === this.#origin && url.username === '' && url.password === '') return url.href
    throw new DirectoryFailed(
      'elsewhere',
      'The directory’s next page is at another address than the directory',
    )
  }
}

/**
 * Waits and asks again while the directory says that it cannot answer now.
 *
 * @throws DirectoryFailed
 */
export async function askPatiently(
  fetch: OutboundFetch,
  url: string,
  request: OutboundRequest & { readonly signal: AbortSignal },
): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(url, request).catch((error: unknown) => failed(error, request.signal))
    const isLast = attempt === mostAttempts
    if (answer instanceof DirectoryFailed) {
      if (isLast || answer.code !== 'unavailable') throw answer
    } else if (!passing.has(answer.status)) return answer
    else if (isLast)
      throw new DirectoryFailed('unavailable', `The directory answered ${answer.status} ${attempt} times`)
    const waitMs = answer instanceof DirectoryFailed ? firstWaitMs * 2 ** attempt : waitOf(answer, attempt)
    await delay(waitMs, undefined, { signal: request.signal })
  }
}

function failed(error: unknown, signal: AbortSignal): DirectoryFailed {
  if (signal.aborted) throw signal.reason
  if (error instanceof OutboundRefused) {
    const isLarge = error.message.includes('bytes')
    return new DirectoryFailed(isLarge ? 'too_large' : 'refused', error.message, { cause: error })
  }
  return new DirectoryFailed('unavailable', 'The directory cannot be reached', { cause: error })
}

/** RFC 9110 §10.2.3: seconds or a date; Okta says instead when its limit is lifted. */
function waitOf({ headers }: Response, attempt: number): number {
  const retryAfter = headers.get('retry-after')
  const reset = headers.get('x-rate-limit-reset')
  const untilMs = (seconds: string) => Number(seconds) * 1_000 - Date.now()
  const asked =
    retryAfter === null
      ? reset && /^\d{1,12}$/.test(reset)
        ? untilMs(reset)
        : firstWaitMs * 2 ** attempt
      : /^\d{1,9}$/.test(retryAfter)
        ? Number(retryAfter) * 1_000
        : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 0), longestWaitMs) : firstWaitMs * 2 ** attempt
}

async function jsonOf(answer: Response): Promise<JsonAnswer> {
  const { status, headers } = answer
  if (status === 401 || status === 403) {
    throw new DirectoryFailed(
      'refused',
      `The directory refuses the credential or lacks a permission for it: ${status}`,
    )
  }
  if (status !== 200)
    throw new DirectoryFailed(
      'malformed',
      `The directory answered ${status} to a request for people or groups`,
    )
  try {
    return { body: await answer.json(), headers }
  } catch (error) {
    throw new DirectoryFailed('malformed', 'The directory’s answer is not JSON', { cause: error })
  }
}
