import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../../environment/index.ts'
import { startApi, type TestApi } from '../api.ts'

const page = `<!doctype html><meta property="csp-nonce" nonce="NONCE-OF-THIS-PAGE"><script src="/assets/a-1.js"></script>`
const asBrowser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

let api: TestApi
let directory: string
let url: string
const build = () => {
  mkdirSync(join(directory, 'assets'), { recursive: true })
  writeFileSync(join(directory, 'index.html'), page)
  writeFileSync(join(directory, 'licences.md'), 'of what is in it')
  writeFileSync(join(directory, 'assets', 'a-1.js'), 'alert(1)')
  writeFileSync(join(directory, 'assets', 'notes.txt'), 'nothing that a page asks for')
}

beforeAll(async () => {
  directory = temporaryDirectory()
  api = await startApi({ consoleDirectory: directory })
  url = api.controlPlane.url
})
afterAll(() => api.close())

describe('a console that is not built', () => {
  it('says which command builds it, and is there once that was done', async () => {
    const answer = await fetch(`${url}/`)
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('npm run build:console')
    expect((await fetch(`${url}/assets/a-1.js`)).status).toBe(404)
    build()
    expect((await fetch(`${url}/`)).status).toBe(200)
  })
})

describe('the page of the console', () => {
  it.each(['/', '/account', '/sign-in?returnTo=%2Fsessions', '/auth/nothing'])(
    'is what a browser gets at %s',
    async (path) => {
      const answer = await fetch(`${url}${path}`, { headers: asBrowser })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(await answer.text()).toContain('csp-nonce')
    },
  )

  it('runs nothing that is not a file of ours, and stands in no frame', async () => {
    const { headers } = await fetch(`${url}/`)
    const policy = new Map(
      headers
        .get('content-security-policy')
        ?.split('; ')
        .map((directive) => {
          const [name = '', ...sources] = directive.split(' ')
          return [name, sources.join(' ')]
        }),
    )
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': expect.stringMatching(/^'self' 'nonce-[A-Za-z0-9+/]{22}=='$/),
      'img-src': "'self'",
      'connect-src': "'self'",
      'form-action': "'none'",
      'base-uri': "'none'",
      'frame-ancestors': "'none'",
    })
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('has a nonce of its own each time, the one that its policy names', async () => {
    const nonceOf = async () => {
      const answer = await fetch(`${url}/`)
      const [, nonce] = /'nonce-([^']+)'/.exec(answer.headers.get('content-security-policy') ?? '') ?? []
      expect(await answer.text()).toContain(`nonce="${nonce}"`)
      return nonce
    }
    expect(await nonceOf()).not.toBe(await nonceOf())
  })
})

describe('a file of the console', () => {
  it('is kept by browsers for ever, for its name changes with it', async () => {
    const answer = await fetch(`${url}/assets/a-1.js`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(await answer.text()).toBe('alert(1)')
  })

  it('comes as it is to whoever takes no gzip', async () => {
    const answer = await fetch(`${url}/assets/a-1.js`, { headers: { 'accept-encoding': 'identity' } })
    expect(answer.headers.get('content-encoding')).toBeNull()
    expect(await answer.text()).toBe('alert(1)')
  })

  it.each([
    '/assets/notes.txt',
    '/assets/..%2findex.html',
    '/assets/../licences.md',
    '/assets/%2e%2e/licences.md',
    '/licences.md',
    '/assets/',
  ])('is nothing else: %s', async (path) => {
    expect(await statusOfRaw(path)).toBe(404)
  })
})

describe('what nobody answers', () => {
  it('is a JSON error for a program, whatever the method', async () => {
    const answer = await fetch(`${url}/nothing`)
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: { type: 'not_found', message: 'Nothing answers GET here' } },
    ])
    expect((await fetch(`${url}/nothing`, { method: 'POST', headers: asBrowser })).status).toBe(404)
  })
})

describe('which identity providers there are', () => {
  it('is refused in JSON, for the console reads it', async () => {
    const answer = await fetch(`${url}/auth/providers?organization=org_none`)
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { error: { type: 'organization_unknown' } },
    ])
  })
})

/** `fetch` would tidy the path up before it sends it. */
function statusOfRaw(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}
