import { createProvider, type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const selection = '... on Model { id version }'
export const createModel: Mutation = { field: 'createModel', input: 'CreateModelInput', selection }
export const updateModel: Mutation = { field: 'updateModel', input: 'UpdateModelInput', selection }
export const rollBack: Mutation = {
  field: 'rollBackConfiguration',
  input: 'RollBackConfigurationInput',
  selection: '... on RolledBackConfiguration { skipped }',
}

export const hour = 3_600_000

export const priced = (output: string) => ({
  inputNanoUsdPerMillionTokens: '1',
  outputNanoUsdPerMillionTokens: output,
})

/** Models of one provider, on a clock that only the test moves. */
export class PricedModels {
  readonly context: TenantApi
  readonly providerId: string
  readonly #clock: { now: number }
  #start = 0

  private constructor(context: TenantApi, providerId: string, clock: { now: number }) {
    this.context = context
    this.providerId = providerId
    this.#clock = clock
  }

  static async start(): Promise<PricedModels> {
    const clock = { now: Date.parse('2026-01-01T00:00:00Z') }
    const context = await startTenantApi({ now: () => clock.now })
    const provider = { name: 'demo', baseUrl: 'https://api.example.com/v1' }
    const { id } = await context.mutate(createProvider, provider)
    return new PricedModels(context, id, clock)
  }

  get now(): number {
    return this.#clock.now
  }

  /** A test begins: its hours count from here. */
  begin(): void {
    this.#start = this.now
  }

  at(hours: number): string {
    return new Date(this.#start + hours * hour).toISOString()
  }

  pass(ms: number): void {
    this.#clock.now += ms
  }

  async create(name: string): Promise<string> {
    const { id } = await this.context.mutate(createModel, {
      ...{ providerId: this.providerId, name },
      prices: priced('2'),
    })
    return id
  }
}
