const mostRedirects = 12

/** What of a browser signing in takes: it keeps cookies by host and port, and follows redirects. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()

  /** Every place that it was sent to, in order. */
  readonly visited: string[] = []

  cookiesOf(url: string): ReadonlyMap<string, string> {
    return this.#jarOf(url)
  }

  setCookie(url: string, name: string, value: string): void {
    this.#jarOf(url).set(name, value)
  }

  /** One request, without following where it is sent. */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const jar = this.#jarOf(url)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = new Headers(init.headers)
    if (cookie !== '') headers.set('cookie', cookie)
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    this.visited.push(url)
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';')
      const [name = '', ...value] = pair.split('=')
      const isGone = attributes.some((attribute) =>
        /^ *(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute),
      )
      if (isGone) jar.delete(name.trim())
      else jar.set(name.trim(), value.join('='))
    }
    return response
  }

  /**
   * Follows redirects; where the identity provider asks who it is, it says so.
   *
   * @param stopAt the address at which it waits, such as our callback
   * @returns the last answer, and its address
   */
  async visit(
    start: string,
    { login, stopAt }: { login?: string; stopAt?: (url: string) => boolean } = {},
  ): Promise<{ url: string; response: Response | undefined }> {
    let url = start
    let response = await this.request(url)
    for (let count = 0; count < mostRedirects; count++) {
      const location = response.headers.get('location')
      if (location === null) {
        const isQuestion = new URL(url).pathname.includes('/interaction/') && login !== undefined
        if (!isQuestion) return { url, response }
        const [, prompt = ''] = /name="prompt" value="(\w+)"/.exec(await response.text()) ?? []
        const answer = { prompt, ...(prompt === 'login' && { login, password: 'any' }) }
        response = await this.request(url, { method: 'POST', body: new URLSearchParams(answer) })
        continue
      }
      await response.body?.cancel()
      url = new URL(location, url).href
      if (stopAt?.(url)) return { url, response: undefined }
      response = await this.request(url)
    }
    throw new Error(`the browser is sent around: ${this.visited.slice(-4).join(' ')}`)
  }

  #jarOf(url: string): Map<string, string> {
    const { host } = new URL(url)
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    return jar
  }
}
