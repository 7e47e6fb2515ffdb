import type { Logger } from 'pino'
import { type ActiveDegradation, Onsets } from '../../telemetry/degradations.ts'
import type { ControlPlaneTransport, Transport } from '../../transport/transport.ts'
import type { Database } from '../db/database.ts'
import type { BudgetBooks } from '../leases/reconciler.ts'
import { type DegradationName, degradationsOf, type HealthFacts } from './degradations.ts'

export interface HealthParts {
  readonly database: Pick<Database, 'ping' | 'organizationIds'>
  readonly transport: Pick<Transport, 'connected' | 'connections' | 'kind' | 'memory'>
  readonly ends: Pick<ControlPlaneTransport, 'events'>
  readonly publisher: { lagMs(): number }
  readonly books: BudgetBooks
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: Logger
}

export interface Health {
  readonly facts: HealthFacts
  readonly degradations: readonly ActiveDegradation<DegradationName>[]
}

/** What is degraded is known to have begun within so long. */
const lookEveryMs = 5_000
const lookLimitMs = 2_000

/** Looks at what a control plane stands on: every few seconds, and whenever it is asked. */
export class HealthWatch {
  readonly #parts: HealthParts
  readonly #onsets: Onsets<DegradationName>
  readonly #timer: NodeJS.Timeout
  #looking: Promise<Health> | undefined

  constructor(parts: HealthParts) {
    this.#parts = parts
    this.#onsets = new Onsets(parts.now)
    this.#timer = setInterval(() => void this.look(), lookEveryMs).unref()
  }

  get transport(): HealthParts['transport'] {
    return this.#parts.transport
  }

  /** Never rejects, and takes no longer than two seconds. Whoever asks during a look shares it. */
  look(): Promise<Health> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<Health> {
    const { database, transport, ends, publisher, books } = this.#parts
    const [databaseAnswers, eventBacklog] = await Promise.all([
      this.#ask('the database', async () => {
        await database.ping()
        return true
      }),
      this.#ask('the event backlog', async () => ends.events.backlog(await database.organizationIds())),
    ])
    const facts = {
      databaseAnswers: databaseAnswers === true,
      storeAnswers: transport.connected,
      memory: transport.memory,
      publishLagMs: publisher.lagMs(),
      eventBacklog,
      budgetDriftNanoUsd: books.driftNanoUsd,
    }
    return { facts, degradations: this.#onsets.note(degradationsOf(facts)) }
  }

  /** What does not answer in time is not known. */
  async #ask<T>(what: string, read: () => Promise<T>): Promise<T | null> {
    const limit = Promise.withResolvers<never>()
    const timer = setTimeout(() => limit.reject(new Error(`no answer within ${lookLimitMs} ms`)), lookLimitMs)
    try {
      return await Promise.race([read(), limit.promise])
    } catch (error) {
      this.#parts.log.debug({ err: error, subject: what }, 'does not answer')
      return null
    } finally {
      clearTimeout(timer)
    }
  }
}
