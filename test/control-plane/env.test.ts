import { describe, expect, it } from 'vitest'
import { readEnv } from '../../control-plane/env.ts'

const complete = {
  DATABASE_URL: 'postgres://gatehouse_app:secret@db.example/gatehouse',
  REDIS_URL: 'redis://redis.example:6379',
  GATEHOUSE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
}

describe('the environment of the control plane', () => {
  it('has safe defaults: loopback, port 4000', () => {
    expect(readEnv(complete)).toMatchObject({ host: '127.0.0.1', port: 4000, logLevel: 'info' })
  })

  it('reports every mistake at once, and no value', () => {
    const broken = {
      DATABASE_URL: 'mysql://canary@db',
      REDIS_URL: '',
      GATEHOUSE_MASTER_KEY: 'canary',
      CONTROL_PLANE_PORT: '70000',
      LOG_LEVEL: 'loud',
      GATEHOUSE_MASTERKEY: 'canary',
    }
    const names = [
      'DATABASE_URL',
      'REDIS_URL',
      'GATEHOUSE_MASTER_KEY',
      'CONTROL_PLANE_PORT',
      'LOG_LEVEL',
      'GATEHOUSE_MASTERKEY',
    ]
    for (const name of names) expect(() => readEnv(broken)).toThrow(new RegExp(`${name} `))
    expect(() => readEnv(broken)).not.toThrow(/canary/)
  })

  it('checks sessions every 15 minutes unless told otherwise, within a day', () => {
    expect(readEnv(complete).sessions?.checkMs).toBe(15 * 60_000)
    expect(readEnv({ ...complete, SESSION_CHECK_MINUTES: '1440' }).sessions?.checkMs).toBe(1_440 * 60_000)
    for (const value of ['0', '1441', '1.5', 'often'])
      expect(() => readEnv({ ...complete, SESSION_CHECK_MINUTES: value })).toThrow(/SESSION_CHECK_MINUTES /)
  })

  it('bounds the GraphQL API unless told otherwise, and by no value that is none', () => {
    expect(readEnv(complete)).toMatchObject({
      trustedProxies: [],
      graphql: {
        introspection: true,
        persistedOperationsFile: undefined,
        requestsPerMinute: 3_000,
        requestsPerMinuteOfAddress: 6_000,
        operationTimeoutSeconds: 30,
      },
    })
    const set = {
      CONTROL_PLANE_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      GRAPHQL_INTROSPECTION: 'off',
      GRAPHQL_REQUESTS_PER_MINUTE: '1',
    }
    expect(readEnv({ ...complete, ...set })).toMatchObject({
      trustedProxies: ['10.0.0.0/8', '::1'],
      graphql: { introspection: false, requestsPerMinute: 1 },
    })
    for (const [name, value] of [
      ['CONTROL_PLANE_TRUSTED_PROXIES', '10.0.0.0/33'],
      ['CONTROL_PLANE_TRUSTED_PROXIES', 'proxy.example'],
      ['GRAPHQL_INTROSPECTION', 'yes'],
      ['GRAPHQL_REQUESTS_PER_MINUTE', '0'],
      ['GRAPHQL_REQUESTS_PER_MINUTE_OF_ADDRESS', 'many'],
      ['GRAPHQL_OPERATION_TIMEOUT_SECONDS', '1.5'],
    ] as const) {
      expect(() => readEnv({ ...complete, [name]: value })).toThrow(new RegExp(`^${name} must be`))
    }
  })

  it('keeps 90 days of the configuration’s history unless told otherwise, and at least one', () => {
    expect(readEnv(complete).configurationHistoryDays).toBe(90)
    const days = (value: string) => readEnv({ ...complete, CONFIGURATION_HISTORY_DAYS: value })
    expect(days('7').configurationHistoryDays).toBe(7)
    for (const value of ['0', '-1', '1.5', 'all', '36501'])
      expect(() => days(value)).toThrow(/^CONFIGURATION_HISTORY_DAYS must be a whole number, 1 to 36500/)
  })

  it('needs no Redis when the planes share a process', () => {
    const { REDIS_URL: _left, ...rest } = complete
    expect(readEnv(rest, { needsRedis: false }).redisUrl).toBeUndefined()
    expect(() => readEnv(rest)).toThrow(/REDIS_URL/)
  })
})
