import { describe, expect, it } from 'vitest'
import { authorization, serve } from './wire.ts'

const allowed = 'https://app.example.com'
const configuration = {
  allowedOrigins: [allowed],
  allowedHeaders: ['Authorization', 'Content-Type', 'X-Bifrost-Virtual-Key', 'X-Request-Id'],
}
const preflight = (url: string, origin: string, headers = 'authorization') =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': headers },
  })

describe('cross-origin calls', () => {
  it('are preflighted for an allowed origin, with the configured headers and no others [S1-33, S1-36, S1-37]', async () => {
    const { url, seen } = await serve({ configuration })
    const { status, headers } = await preflight(url, allowed, 'x-secret')
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(allowed)
    expect(headers.get('vary')).toBe('Origin')
    expect(headers.get('access-control-allow-headers')).toBe(configuration.allowedHeaders.join(', '))
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(seen.provider).toBe(0)
  })

  it.each([
    'https://evil.example',
    'https://app.example.com.evil.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'null',
  ])('from %s are refused, preflight and call alike [S1-33]', async (origin) => {
    const { url, seen } = await serve({ configuration })
    const asked = await preflight(url, origin)
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([403, null])
    const called = await fetch(`${url}/v1/models`, { headers: { origin, authorization } })
    expect([called.status, called.headers.get('access-control-allow-origin')]).toEqual([403, null])
    expect(await called.json()).toMatchObject({ error: { type: 'origin_not_allowed' } })
    expect(seen.provider).toBe(0)
  })

  it('get the origin echoed on answers and refusals, and vary by it', async () => {
    const { url } = await serve({ configuration })
    for (const headers of [{ origin: allowed, authorization }, { origin: allowed }]) {
      const answer = await fetch(`${url}/v1/models`, { headers })
      expect(answer.headers.get('access-control-allow-origin')).toBe(allowed)
      expect(answer.headers.get('vary')).toBe('Origin')
    }
  })

  it('are open to all under "*", without credentials [S1-32]', async () => {
    const { url } = await serve({ configuration: { ...configuration, allowedOrigins: ['*'] } })
    const { headers } = await preflight(url, 'https://any.example')
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  })

  it('follow the configuration while the server runs', async () => {
    const { url, configure } = await serve({ configuration: { ...configuration, allowedOrigins: [] } })
    expect((await preflight(url, allowed)).status).toBe(403)
    configure(configuration)
    expect((await preflight(url, allowed)).status).toBe(204)
  })
})
