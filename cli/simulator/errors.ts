/** A refusal in the shape that OpenAI's clients turn into their error classes. */
export class SimulatedError extends Error {
  override readonly name = 'SimulatedError'
  readonly status: number
  readonly type: string
  readonly code: string | null
  readonly param: string | null

  constructor(
    status: number,
    message: string,
    details: { type?: string; code?: string; param?: string } = {},
  ) {
    super(message)
    this.status = status
    this.type = details.type ?? (status < 500 ? 'invalid_request_error' : 'server_error')
    this.code = details.code ?? null
    this.param = details.param ?? null
  }

  body() {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } }
  }
}

/** The error that the behaviour `error-<status>` asks for. */
export function requestedError(status: number): SimulatedError {
  const message = `The simulator was asked to answer ${status}`
  if (status === 401) return new SimulatedError(401, message, { code: 'invalid_api_key' })
  if (status === 429)
    return new SimulatedError(429, message, { type: 'requests', code: 'rate_limit_exceeded' })
  return new SimulatedError(status, message)
}
