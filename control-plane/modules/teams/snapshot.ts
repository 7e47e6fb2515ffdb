import type { Team as TeamDocument } from '../../../contract/configuration/entities.ts'
import type { Team } from './entity.ts'

export function teamSnapshot({ id, workspaceId, customerId, businessUnitId, name }: Team): TeamDocument {
  return { kind: 'team', id, workspaceId, customerId, businessUnitId, name }
}
