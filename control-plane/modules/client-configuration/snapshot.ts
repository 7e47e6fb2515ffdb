import type { ClientConfiguration as ClientConfigurationDocument } from '../../../contract/configuration/entities.ts'
import type { ClientConfiguration } from './entity.ts'

export function clientConfigurationSnapshot(row: ClientConfiguration): ClientConfigurationDocument {
  return {
    kind: 'client_configuration',
    id: row.id,
    allowedOrigins: row.allowedOrigins,
    allowedHeaders: row.allowedHeaders,
    headerFilter: {
      allowlist: row.forwardAllowlist,
      denylist: row.forwardDenylist,
      forwardDirect: row.forwardDirect,
    },
  }
}
