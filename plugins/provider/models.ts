import { Denied } from 'gatehouse/plugin-sdk'
import type { BuiltinCall, ProviderGrant } from 'gatehouse/plugin-sdk/builtin'

/** As OpenAI's `GET /v1/models` shows a model. */
interface ListedModel {
  readonly id: string
  readonly object: 'model'
  /** Seconds since the epoch. The catalogue keeps no such date. */
  readonly created: 0
  readonly owned_by: string
}

const onePath = '/v1/models/'
const jsonHeaders = { 'content-type': 'application/json' }

/**
 * Answers `GET /v1/models` and `GET /v1/models/{id}` from the configuration: what the key and its owner may use, no more. [X0-24]
 *
 * @throws Denied `not_found` for a model that does not exist or that the key may not use, without a difference
 */
export function answerModels(call: BuiltinCall): void {
  const models = listModels(call.key?.grants ?? [])
  const id = requestedId(call.path)
  const document =
    id === undefined ? { object: 'list', data: models } : models.find((model) => model.id === id)
  if (!document) {
    throw new Denied('not_found', `The model "${id}" does not exist or the virtual key may not use it`, {
      param: 'model',
    })
  }
  call.reply.send(200, { ...jsonHeaders }, Buffer.from(JSON.stringify(document)))
}

function listModels(grants: readonly ProviderGrant[]): ListedModel[] {
  const byId = new Map<string, ListedModel>()
  for (const grant of grants) {
    const { provider } = grant
    if (!grant.active || !provider.active || grant.providerKeys.length === 0) continue
    for (const { name } of provider.models) {
      if (byId.has(name) || !grant.allowsModel(name) || !grant.ownerMayUse(name)) continue
      byId.set(name, { id: name, object: 'model', created: 0, owned_by: provider.name })
    }
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Undefined for the list. An id may hold slashes, escaped or not. */
function requestedId(path: string): string | undefined {
  const [pathname = ''] = path.split('?', 1)
  if (!pathname.startsWith(onePath) || pathname.length === onePath.length) return undefined
  try {
    return decodeURIComponent(pathname.slice(onePath.length))
  } catch {
    throw new Denied('invalid_request_error', 'The model id in the path is not valid percent-encoding', {
      param: 'model',
    })
  }
}
