import { systemActor } from '../../../control-plane/actor.ts'
import type { ServiceContext } from '../../../control-plane/service-context.ts'

/** What a mutation is made of: which one, and numbers by which it picks names and ids, present, stale or none. */
export interface Draw {
  readonly mutation: string
  readonly picks: readonly [number, number, number, number]
}

type Kind =
  | 'workspace'
  | 'customer'
  | 'business_unit'
  | 'team'
  | 'user'
  | 'virtual_key'
  | 'provider_config'
  | 'access_profile'
  | 'provider'
  | 'provider_key'
  | 'model'
  | 'budget'
  | 'request_limit'
  | 'data_plane'
  | 'role'
  | 'role_assignment'

const names = ['one', 'two', 'three', 'ONE'] as const

/** One organization and the ids of everything that it ever had: some of them name what is deleted by now. */
export class Tenant {
  readonly context: ServiceContext
  readonly organizationId: string
  readonly #ids = new Map<Kind, string[]>()

  constructor(context: ServiceContext, organizationId: string, workspaceId: string) {
    this.context = context
    this.organizationId = organizationId
    this.know('workspace', workspaceId)
  }

  get actor() {
    return systemActor(this.organizationId)
  }

  know(kind: Kind, id: string): void {
    this.#ids.set(kind, [...(this.#ids.get(kind) ?? []), id])
  }

  /** Lately made ones are more likely. */
  pick(kind: Kind, pick: number): string {
    const ids = this.#ids.get(kind) ?? []
    return ids.at(-1 - (pick % 5)) ?? ids[0] ?? 'none'
  }
}

export type Perform = (tenant: Tenant, picks: Draw['picks']) => Promise<unknown>

export async function created(
  tenant: Tenant,
  kind: Kind,
  work: Promise<{ readonly id: string }>,
): Promise<void> {
  tenant.know(kind, (await work).id)
}

export const nameOf = (pick: number) => names[pick % names.length] ?? 'one'
