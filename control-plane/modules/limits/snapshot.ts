import type { RequestLimit as RequestLimitDocument } from '../../../contract/configuration/entities.ts'
import type { RequestLimit } from './entity.ts'

export function requestLimitSnapshot(limit: RequestLimit): RequestLimitDocument {
  const { id, ownerKind, ownerId, maxRequests, maxTokens, windowSeconds } = limit
  return {
    ...{ kind: 'request_limit', id, owner: { kind: ownerKind, id: ownerId } },
    ...(maxRequests !== null && { maxRequests }),
    ...(maxTokens !== null && { maxTokens }),
    windowSeconds,
  }
}
