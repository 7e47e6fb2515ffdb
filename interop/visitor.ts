import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/** Has `fetch` of this process trust a certificate besides the usual ones. */
export function trust(certificate: string): void {
  setDefaultCACertificates([...getCACertificates('default'), certificate])
}

/** A browser as far as signing in needs one: cookies by host and port, and redirects one at a time. */
export class Visitor {
  readonly #cookies = new Map<string, Map<string, string>>()

  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const jar = this.#jarOf(url)
    const headers = new Headers(init.headers)
    if (jar.size > 0) headers.set('cookie', [...jar].map((pair) => pair.join('=')).join('; '))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', ...value] = (line.split(';')[0] ?? '').split('=')
      if (/; *max-age=0/i.test(line)) jar.delete(name.trim())
      else jar.set(name.trim(), value.join('='))
    }
    return response
  }

  /** Where a request is sent on to. @throws Error when it is not, with what was answered instead. */
  async redirect(url: string): Promise<string> {
    const response = await this.request(url)
    const location = response.headers.get('location')
    if (location !== null) return new URL(location, url).href
    throw new Error(`${new URL(url).pathname} sends nobody on: ${response.status} ${await response.text()}`)
  }

  async json<T>(url: string, init: { readonly method?: string; readonly body?: unknown } = {}): Promise<T> {
    const { method = 'GET', body } = init
    const response = await this.request(url, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok)
      throw new Error(`${method} ${new URL(url).pathname}: ${response.status} ${text.slice(0, 500)}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  cookieOf(url: string, name: string): string | undefined {
    return this.#jarOf(url).get(name)
  }

  #jarOf(url: string): Map<string, string> {
    const { host } = new URL(url)
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    return jar
  }
}
