import audit from '../plugins/audit/index.ts'
import auth from '../plugins/auth/index.ts'
import budget from '../plugins/budget/index.ts'
import headerFilter from '../plugins/header-filter/index.ts'
import provider from '../plugins/provider/index.ts'
import rbac from '../plugins/rbac/index.ts'
import type { PluginDefinitions } from './pipeline/definitions.ts'

/** The stages that every call passes, in this order. */
export const builtins: PluginDefinitions['builtins'] = {
  auth,
  rbac,
  budget,
  'header-filter': headerFilter,
  audit,
  provider,
}
