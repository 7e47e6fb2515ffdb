import { describe, expect, it } from 'vitest'
import { routes } from '../../../data-plane/routes/table.ts'
import { json, serve } from './wire.ts'

const served = routes.map(({ method, url }) => [method, url.replace('*', 'some/model')] as const)

describe('a user and a password', () => {
  it.each(served)('is no credential on any route of the data plane: %s %s [S3-06]', async (method, path) => {
    const { url, seen } = await serve()
    const authorization = `Basic ${btoa('ann@example.com:correct horse battery')}`
    const response = await fetch(url + path, {
      method,
      headers: method === 'POST' ? { ...json, authorization } : { authorization },
      body: method === 'POST' ? '{"model":"m"}' : null,
    })
    expect(response.status).toBe(401)
    expect(seen.provider).toBe(0)
  })
})
