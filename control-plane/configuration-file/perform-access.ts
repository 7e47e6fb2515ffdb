import type { FileModel } from '../../contract/configuration-file/access.ts'
import { ModelEntity } from '../modules/models/entity.ts'
import { createModel, deleteModel, updateModel } from '../modules/models/service.ts'
import type { WhenCallerLeaves } from '../modules/providers/entity.ts'
import {
  addProviderKey,
  removeProviderKey,
  rotateProviderKey,
  updateProviderKey,
} from '../modules/providers/key-service.ts'
import { createProvider, deleteProvider, updateProvider } from '../modules/providers/service.ts'
import type { WantedItem } from './items.ts'
import type { Changed, Performance, Performer } from './perform.ts'
import { pricesInput, scheduleInput } from './prices.ts'

interface ProviderFields {
  readonly baseUrl?: string
  readonly allowPrivateNetwork?: boolean
  readonly active?: boolean
  readonly connectTimeoutMs?: number
  readonly idleTimeoutMs?: number
  readonly whenCallerLeaves?: string
}

/** As a file says it, and as the service takes it. */
function settingsOf({ whenCallerLeaves, ...settings }: ProviderFields) {
  return {
    ...settings,
    ...(whenCallerLeaves && { whenCallerLeaves: whenCallerLeaves.toLowerCase() as WhenCallerLeaves }),
  }
}

const provider: Performer = {
  async create({ context, actor }, { name: [name = ''], fields, catalogue }) {
    const { baseUrl = '', active, ...settings } = settingsOf(fields as ProviderFields)
    const { id } = await createProvider(context, actor, { name, baseUrl, catalogue, ...settings })
    if (active === false) await updateProvider(context, actor, { id, active })
    return id
  },
  update: ({ context, actor }, { id }, _item, changed) =>
    updateProvider(context, actor, { id, ...settingsOf(changed as ProviderFields) }),
  delete: ({ context, actor }, { id }) => deleteProvider(context, actor, id),
}

interface ProviderKeyFields {
  readonly weight?: number
  readonly maxConcurrentCalls?: number | null
  readonly active?: boolean
}

const provider_key: Performer = {
  async create(performance, item) {
    const { context, actor, ids } = performance
    const [providerName = '', name = ''] = item.name
    const { active, ...terms } = item.fields as ProviderKeyFields
    const providerId = ids.of('provider', [providerName])
    const secret = secretOf(performance, item) ?? ''
    const { id } = await addProviderKey(context, actor, { providerId, name, secret, ...terms })
    if (active === false) await updateProviderKey(context, actor, { id, active })
    return id
  },
  async update(performance, { id }, item, { secret: isNewSecret, ...changed }) {
    const { context, actor } = performance
    const secret = isNewSecret === undefined ? undefined : secretOf(performance, item)
    if (secret !== undefined) await rotateProviderKey(context, actor, { id, secret })
    if (Object.keys(changed).length > 0) {
      await updateProviderKey(context, actor, { id, ...(changed as ProviderKeyFields) })
    }
  },
  delete: ({ context, actor }, { id }) => removeProviderKey(context, actor, id),
}

type ModelFields = Omit<FileModel, 'name'>

const model: Performer = {
  async create({ context, actor, em, ids }, { name: [providerName = '', name = ''], fields }) {
    const providerId = ids.of('provider', [providerName])
    const input = modelInput(fields)
    // A new provider may have brought it along from its catalogue.
    const present = await em.fork({ keepTransactionContext: true }).findOne(ModelEntity, { providerId, name })
    if (present) return (await updateModel(context, actor, { id: present.id, ...input })).id
    return (await createModel(context, actor, { providerId, name, ...input })).id
  },
  update: ({ context, actor }, { id }, _item, changed) =>
    updateModel(context, actor, { id, ...modelInput(changed) }),
  delete: ({ context, actor }, { id }) => deleteModel(context, actor, id),
}

function modelInput(fields: Changed) {
  const { prices, scheduledPrices, ...rest } = fields as ModelFields
  return {
    ...rest,
    ...(prices !== undefined && { prices: prices && pricesInput(prices) }),
    ...(scheduledPrices !== undefined && { scheduledPrices: scheduleInput(scheduledPrices) }),
  }
}

export function secretOf({ secrets }: Performance, { secretName }: WantedItem): string | undefined {
  return secretName === undefined ? undefined : secrets.get(secretName)
}

export const performAccess = { provider, provider_key, model }
