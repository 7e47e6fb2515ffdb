import type { Customer as CustomerEntity } from '../../../contract/configuration/entities.ts'
import type { Customer } from './entity.ts'

export function customerSnapshot({ id, workspaceId, name }: Customer): CustomerEntity {
  return { kind: 'customer', id, workspaceId, name }
}
