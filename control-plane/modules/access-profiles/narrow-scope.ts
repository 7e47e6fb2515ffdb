import { BadUserInput } from '../../graphql/errors.ts'
import type { AccessProfile, ProfileProviderConfig } from './entity.ts'

/**
 * A key that a build server holds is read by everybody who can change the build: it may do one thing, up to a limit.
 * What lets a profile for CI be less is refused, so that every key that follows it stays narrow. [S1-30]
 *
 * @throws BadUserInput that names the field.
 */
export function requireNarrowScope(
  { purpose, allowAllProviders, budgets }: AccessProfile,
  configs: readonly ProfileProviderConfig[],
): void {
  if (purpose !== 'ci') return
  if (allowAllProviders) refuse('allowAllProviders', 'must be off')
  if (configs.length !== 1) refuse('providerConfigs', `must be exactly one, not ${configs.length}`)
  const [model, ...others] = configs[0]?.allowedModels ?? []
  if (model === undefined || others.length > 0 || model === '*' || model.startsWith('regex:')) {
    refuse('providerConfigs[0].allowedModels', 'must name exactly one model or alias, and no pattern')
  }
  if (budgets.length === 0) refuse('budgets', 'must have at least one')
}

function refuse(field: string, rule: string): never {
  throw new BadUserInput(field, `${rule}, because the purpose of the profile is CI`)
}
