import { describe, expect, it } from 'vitest'
import { readEnv } from '../../data-plane/env.ts'

const redis = { REDIS_URL: 'redis://127.0.0.1:6379' }

describe('the environment of a data plane', () => {
  it('listens on loopback, and syncs its journal, unless told otherwise', () => {
    expect(readEnv(redis)).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      statusHost: '127.0.0.1',
      statusPort: 8081,
      auditDurability: 'sync',
      drainSeconds: 90,
      drainNoticeSeconds: 0,
      plugins: [],
      enrolmentToken: undefined,
    })
  })

  it('names every mistake at once, and repeats no value', () => {
    const source = {
      DATA_PLANE_PORT: '80800',
      GATEHOUSE_AUDIT_DURABILITY: 'never',
      GATEHOUSE_STATUS_TOKEN: 'short',
      CONTROL_PLANE_URL: 'ftp://x',
      GATEHOUSE_STATEDIR: '/x',
    }
    const mistakes = ['REDIS_URL', ...Object.keys(source)]
    expect(() => readEnv(source)).toThrow(new RegExp(mistakes.map((name) => `(?=[^]*${name})`).join('')))
    expect(() => readEnv(source)).not.toThrow(/80800|ftp:|"short"/)
  })

  it('asks for a token where the status is seen from outside', () => {
    expect(() => readEnv({ ...redis, DATA_PLANE_STATUS_HOST: '0.0.0.0' })).toThrow(
      /GATEHOUSE_STATUS_TOKEN must be set/,
    )
  })

  it('takes an empty variable as one that is not set', () => {
    expect(readEnv({ ...redis, DATA_PLANE_PORT: '', GATEHOUSE_PLUGINS: ' ./a.ts, b ,' })).toMatchObject({
      port: 8080,
      plugins: ['./a.ts', 'b'],
    })
  })

  it('needs no Redis where the transport is handed in', () => {
    expect(readEnv({}, { needsRedis: false }).redisUrl).toBeUndefined()
  })
})
