import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'
import type { ClientSettings } from './settings.ts'

export type ChangeState = 'pending' | 'approved' | 'rejected' | 'stale'

/** Whoever asked or decided, as they were called then. */
export interface ChangeParty {
  readonly kind: string
  readonly id: string
  readonly name: string
}

/** A change of the client configuration that needs a second person. */
export const ClientConfigurationChangeEntity = defineEntity({
  name: 'ClientConfigurationChange',
  tableName: 'client_configuration_changes',
  properties: {
    ...tenantColumns,
    /** The version of the client configuration that it was asked for. */
    configurationVersion: p.integer(),
    before: p.json<ClientSettings>(),
    after: p.json<ClientSettings>(),
    widens: p.json<string[]>(),
    /** A pending one that nobody decided in time has expired; nothing is written then. */
    state: p.string().$type<ChangeState>(),
    requester: p.json<ChangeParty>(),
    /** See `Actor.personId`. */
    requesterPersonId: p.string().hidden(),
    /** See `Actor.shownTo`. */
    requesterShownTo: p.string().strictNullable().hidden(),
    decider: p.json<ChangeParty>().strictNullable(),
    requestedAt: p.datetime(),
    expiresAt: p.datetime(),
    decidedAt: p.datetime().strictNullable(),
  },
})

export type ClientConfigurationChange = InferEntity<typeof ClientConfigurationChangeEntity>
