import { deserialize, serialize } from 'node:v8'
import type { RequestFacts } from '../../authorization/circumstances.ts'
import type { SealedPlace } from '../../secrets/envelope.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import type { AccessChange } from './entity.ts'

/** What somebody asked for, and how they came. */
export interface AccessRequest {
  readonly input: object
  readonly facts: RequestFacts | undefined
}

type Place = Pick<AccessChange, 'organizationId' | 'id'>

/** Not as JSON, which would make texts of times. */
export function sealRequest(secrets: Secrets, place: Place, request: AccessRequest): string {
  return secrets.sealValue(placeOf(place), serialize(request).toString('base64'))
}

/** @throws SealedValueRefused */
export function openRequest(secrets: Secrets, change: AccessChange): AccessRequest {
  if (change.sealedRequest === null) throw new TypeError(`the change ${change.id} is decided`)
  const text = secrets.openValue(placeOf(change), change.sealedRequest)
  return deserialize(Buffer.from(text, 'base64')) as AccessRequest
}

function placeOf({ organizationId, id }: Place): SealedPlace {
  return { organizationId, entity: 'access_changes', field: 'sealed_request', id }
}
