import { describe, expect, it } from 'vitest'
import { type ErrorCode, errorTable, openaiErrorBody } from '../../contract/errors.ts'

/** The words and statuses that the product's documents promise; they are part of the API. */
const promised: Readonly<Record<string, number>> = {
  authentication_required: 401,
  mfa_required: 401,
  virtual_key_required: 401,
  virtual_key_not_found: 401,
  virtual_key_blocked: 403,
  provider_blocked: 403,
  model_blocked: 403,
  user_not_authorized: 403,
  price_unknown: 403,
  compliance_violation: 403,
  budget_exceeded: 402,
  reservation_exceeded: 402,
  rate_limited: 429,
  request_limited: 429,
  token_limited: 429,
  concurrency_limited: 429,
  missing_required_headers: 400,
  ambiguous_credentials: 400,
  invalid_request_error: 400,
  config_unavailable: 503,
  audit_unavailable: 503,
  budget_unavailable: 503,
  provider_error: 502,
  provider_timeout: 504,
}

const rows = Object.entries(errorTable)

describe('error table', () => {
  it.each(Object.entries(promised))('answers %s with %i', (code, status) => {
    expect(errorTable[code as ErrorCode]).toMatchObject({ status })
  })

  it.each(rows)('%s has a status of the class of its owner, and a message', (code, row) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(row.message.length).toBeGreaterThan(5)
    const isServerFault = row.owner === 'upstream' || row.owner === 'platform'
    expect(row.status >= 500).toBe(isServerFault)
    if (row.status === 429 || row.status === 503) expect(row.retryable).toBe(true)
    if (row.owner === 'caller') expect(row.retryable).toBe(false)
  })

  it('becomes the body that OpenAI SDKs read, without what belongs into a header', () => {
    const body = openaiErrorBody('request_limited', 'Request limit exceeded', 'req_1', {
      scope: 'team',
      limit: 2,
      retryAfterSeconds: 7,
    })
    expect(body).toEqual({
      error: {
        type: 'request_limited',
        message: 'Request limit exceeded',
        code: 'request_limited',
        param: null,
        request_id: 'req_1',
        scope: 'team',
        limit: 2,
      },
    })
  })
})
