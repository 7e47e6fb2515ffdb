/** What the organization may set, with the values that it has until somebody sets them. */
export interface ClientSettings {
  readonly allowedOrigins: string[]
  readonly allowedHeaders: string[]
  readonly forwardAllowlist: string[] | null
  readonly forwardDenylist: string[]
  readonly forwardDirect: boolean
}

/** No browser reaches the gateway and nothing private is forwarded until somebody says so. [S1-02, S1-40, S1-43] */
export const defaultSettings: Readonly<ClientSettings> = {
  allowedOrigins: [],
  allowedHeaders: ['authorization', 'content-type', 'x-bifrost-virtual-key', 'x-request-id'],
  forwardAllowlist: [],
  forwardDenylist: [
    'authorization',
    'baggage',
    'cookie',
    'forwarded',
    'host',
    'proxy-authorization',
    'set-cookie',
    'traceparent',
    'tracestate',
    'x-auth-*',
    'x-csrf-*',
    'x-forwarded-*',
    'x-real-ip',
    'x-session-*',
  ],
  forwardDirect: false,
}
