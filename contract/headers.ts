/** The headers that may carry a virtual key, in the order in which they are read. [X0-21, C2] */
export const credentialHeaders = [
  'x-bf-vk',
  'x-bifrost-virtual-key',
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
] as const

/** A caller's header with this prefix is meant for the provider: the prefix is stripped. [S1-38] */
export const forwardPrefix = 'x-bf-eh-'

const secretHeaders: ReadonlySet<string> = new Set([
  ...credentialHeaders,
  'proxy-authorization',
  'cookie',
  'x-bf-api-key',
])

/** Whether a header may carry a credential, also one that a caller asks us to forward under the prefix. */
export function carriesCredential(name: string): boolean {
  return secretHeaders.has(name) || secretHeaders.has(name.replace(forwardPrefix, ''))
}

/** Never forwarded, whatever the configuration says. [S1-41] */
export const neverForwarded: ReadonlySet<string> = new Set([
  ...credentialHeaders,
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'accept-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'http2-settings',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'x-bf-api-key',
  'x-bf-api-key-id',
])

/** Reserved for the gateway's own use: never forwarded under any name that starts so. */
export const reservedPrefix = 'x-bf-'

export const requestIdHeader = 'x-request-id'

/** What a caller may give as the id of its own request; any other value gets one of ours. */
export const usableRequestId = /^[\w.:/+=@-]{1,128}$/

/** What a call has cost, in US dollars, on answers whose cost is known when their head goes out. */
export const costHeader = 'x-gatehouse-cost-usd'
/** `true` beside a cost that the provider did not report: it is our own count. */
export const costEstimatedHeader = 'x-gatehouse-cost-estimated'

/** How the limits of a call stand: OpenAI's names for each unit, and those of draft-ietf-httpapi-ratelimit-headers. */
export const limitHeaders = {
  requests: {
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
  },
  tokens: {
    limit: 'x-ratelimit-limit-tokens',
    remaining: 'x-ratelimit-remaining-tokens',
    reset: 'x-ratelimit-reset-tokens',
  },
  policy: 'ratelimit-policy',
  standing: 'ratelimit',
} as const
