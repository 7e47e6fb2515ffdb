import { Denied, type Operation, type UpstreamRequest } from 'gatehouse/plugin-sdk'
import { type BuiltinCall, type BuiltinHost, neverForwarded, type Target } from 'gatehouse/plugin-sdk/builtin'
import type { ActivityLog } from './activity.ts'
import { editBody } from './body-edits.ts'
import { chooseSecret } from './choose-key.ts'
import { Exchange, type ExchangeLimits } from './exchange.ts'
import type { Pools } from './pools.ts'

export interface ProviderServices {
  readonly host: BuiltinHost
  readonly pools: Pools
  readonly activity: ActivityLog
  readonly limits: ExchangeLimits
}

const upstreamPaths: { readonly [operation in Operation]?: string } = {
  'chat.completions': '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
  responses: '/responses',
  'images.generations': '/images/generations',
}

/**
 * Sends the call to its target and its answer to the caller.
 *
 * @throws Denied when the provider cannot be asked, fails, or breaks off its answer
 */
export function askProvider(call: BuiltinCall, services: ProviderServices): Promise<void> {
  const [target] = call.targets
  const route = upstreamPaths[call.operation]
  if (!target || route === undefined) throw new TypeError('provider ran without a target')
  const { provider } = target.grant
  if (services.activity.inFlight(provider.name) >= services.limits.maxConcurrentCalls) {
    throw new Denied('overloaded', `Too many calls to "${provider.name}" are under way`, {
      retryAfterSeconds: 1,
    })
  }
  const secret = chooseSecret(call, target.grant, services.host)
  const send = (chosen: string) => prepare(call, target, { route, secret: chosen }, services)
  return secret instanceof Promise ? secret.then(send) : send(secret)
}

function prepare(
  call: BuiltinCall,
  target: Target,
  { route, secret }: { readonly route: string; readonly secret: string },
  services: ProviderServices,
): Promise<void> {
  const { provider } = target.grant
  const { body, hidesUsage } = editBody(call, target.model.upstreamName)
  const request: UpstreamRequest = {
    provider: provider.name,
    model: target.model.upstreamName,
    headers: {
      'content-type': 'application/json',
      accept: call.stream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'gatehouse',
    },
    body,
  }
  const path = provider.baseUrl.slice(provider.origin.length) + route
  const send = () => dispatch(call, target, { path, request, secret, hidesUsage }, services)
  const waiting = services.host.prepareUpstream(call, request)
  return waiting ? waiting.then(send) : send()
}

interface Outgoing {
  readonly path: string
  readonly request: UpstreamRequest
  readonly secret: string
  readonly hidesUsage: boolean
}

function dispatch(
  call: BuiltinCall,
  target: Target,
  { path, request, secret, hidesUsage }: Outgoing,
  services: ProviderServices,
): Promise<void> {
  const { provider } = target.grant
  return new Promise((resolve, reject) => {
    const exchange = new Exchange({ call, target, secret, hidesUsage, resolve, reject, ...services })
    services.pools.get(provider).dispatch(
      {
        method: 'POST',
        path,
        headers: outgoingHeaders(request.headers, secret),
        body: request.body,
        idleTimeoutMs: provider.idleTimeoutMs,
      },
      exchange,
    )
  })
}

/** Made from scratch: of the headers that frame or authenticate a message, none is taken from a plugin. */
function outgoingHeaders(headers: Readonly<Record<string, string>>, secret: string): string[] {
  const outgoing = ['authorization', `Bearer ${secret}`]
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined) continue
    if (neverForwarded.has(name) && name !== 'content-type' && name !== 'accept-encoding') continue
    outgoing.push(name, value)
  }
  return outgoing
}
