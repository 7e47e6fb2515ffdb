import type { BusinessUnit as BusinessUnitDocument } from '../../../contract/configuration/entities.ts'
import type { BusinessUnit } from './entity.ts'

export function businessUnitSnapshot({
  id,
  workspaceId,
  customerId,
  name,
}: BusinessUnit): BusinessUnitDocument {
  return { kind: 'business_unit', id, workspaceId, customerId, name }
}
