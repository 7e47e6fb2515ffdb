import { describe, expect, it } from 'vitest'
import { readTelemetry } from '../../telemetry/settings.ts'

function read(endpoint?: string, headers?: string) {
  const problems: string[] = []
  return { settings: readTelemetry({ endpoint, headers }, problems), problems }
}

describe('the settings of telemetry', () => {
  it('are absent without a collector', () => {
    expect(read()).toEqual({ settings: undefined, problems: [] })
    expect(read('  ')).toEqual({ settings: undefined, problems: [] })
  })

  it('name an address and decode the headers', () => {
    const { settings, problems } = read(
      'http://127.0.0.1:4318/',
      'Authorization=Bearer%20a=b, x-scope = two ',
    )
    expect(problems).toEqual([])
    expect(settings).toEqual({
      endpoint: 'http://127.0.0.1:4318',
      headers: { authorization: 'Bearer a=b', 'x-scope': 'two' },
    })
  })

  it.each([
    ['grpc://collector:4317', undefined],
    ['http://user:canary@collector:4318', undefined],
    ['collector:4318', undefined],
    ['http://collector:4318', 'canary'],
    ['http://collector:4318', 'name=%canary'],
  ])('are refused without their values: %s %s', (endpoint, headers) => {
    const { problems } = read(endpoint, headers)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^OTEL_EXPORTER_OTLP_/)
    expect(problems[0]).not.toContain('canary')
  })
})
