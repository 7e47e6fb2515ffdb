import type { Organization as OrganizationDocument } from '../../../contract/configuration/entities.ts'
import type { Organization } from './entity.ts'

export function organizationSnapshot({ id, name }: Organization): OrganizationDocument {
  return { kind: 'organization', id, name }
}
