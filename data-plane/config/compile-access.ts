import type { UserAccess } from '../../contract/configuration/entities.ts'
import { allowsModel, blocksModel } from '../../contract/model-lists.ts'
import type { CompiledProvider } from '../../plugins/sdk/builtin.ts'

type ModelTest = (model: string) => boolean

const everyModel: ModelTest = () => true
const noModel: ModelTest = () => false

/** Which models of a provider the owner of a key may use, whatever the key itself may. What is denied is not allowed. */
export function compileAccess(access: UserAccess | undefined): (provider: CompiledProvider) => ModelTest {
  if (!access) return () => everyModel
  const allowsProvider = allowsModel(access.allowedProviders)
  const deniesProvider = blocksModel(access.deniedProviders)
  return (provider) =>
    allowsProvider(provider.name) && !deniesProvider(provider.name)
      ? modelTest(access.allowedModels, access.deniedModels, provider)
      : noModel
}

/** A blocked model is blocked under every name: the caller's, and the one that the provider would be asked for. */
export function modelTest(
  allowed: readonly string[],
  blocked: readonly string[],
  provider: CompiledProvider,
): ModelTest {
  const allows = allowsModel(allowed)
  if (blocked.length === 0) return allows
  const blocks = blocksModel(blocked)
  return (model) => allows(model) && !blocks(model) && !blocks(provider.model(model)?.upstreamName ?? model)
}
