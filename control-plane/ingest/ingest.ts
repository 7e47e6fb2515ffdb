import { sealConfirmation } from '../../contract/event-batch.ts'
import type { StreamEntry } from '../../transport/event-stream.ts'
import { TransportUnavailable } from '../../transport/transport.ts'
import type { BackgroundDependencies, BackgroundWork } from '../background/dependencies.ts'
import { startLoop } from '../background/loop.ts'
import { isDataError } from '../db/data-error.ts'
import type { EventSource } from './event-sources.ts'
import { type IngestOutcome, ingestEntries, setAside } from './ingest-entries.ts'

const waitMs = 1_000
/** One transaction takes in about so much: until its end it holds the windows that grants of leases wait for. */
const portionBytes = 512 * 1024

/** Takes in what the data planes report for as long as it runs. Any number of control planes share the work. */
export function startIngest(
  deps: BackgroundDependencies,
): BackgroundWork & { readonly counts: IngestCounts } {
  const ingest = new Ingest({ ...deps, log: deps.log.child({ loop: 'ingest' }) })
  const loop = startLoop({ name: 'ingest', log: deps.log, pauseMs: 0, step: () => ingest.step() })
  return { counts: ingest.counts, stop: () => loop.stop() }
}

/** What this process has taken in since it started. */
export interface IngestCounts {
  readonly batches: number
  readonly rejectedBatches: number
  /** Times that something was found to be missing from the record. */
  readonly recordGaps: number
}

class Ingest {
  readonly #deps: BackgroundDependencies
  readonly counts = { batches: 0, rejectedBatches: 0, recordGaps: 0 }
  /** Read and not yet acknowledged: tried again before anything new is read. */
  #unfinished: readonly StreamEntry[] = []

  constructor(deps: BackgroundDependencies) {
    this.#deps = deps
  }

  async step(): Promise<void> {
    const { database, transport } = this.#deps
    if (this.#unfinished.length === 0) {
      this.#unfinished = await transport.events.read(await database.organizationIds(), waitMs)
    }
    const byOrganization = Map.groupBy(this.#unfinished, ({ organizationId }) => organizationId)
    for (const [organizationId, entries] of byOrganization) {
      for (const portion of portionsOf(entries)) {
        await this.#ingest(organizationId, portion)
        this.#unfinished = this.#unfinished.filter((entry) => !portion.includes(entry))
      }
    }
  }

  async #ingest(organizationId: string, entries: readonly StreamEntry[]): Promise<void> {
    const outcomes = await this.#takeIn(organizationId, entries)
    await this.#handOver(
      organizationId,
      entries,
      outcomes.flatMap(({ sources }) => sources),
    )
    this.counts.batches += entries.length
    for (const outcome of outcomes) this.#report(organizationId, outcome)
  }

  /** Of a batch that the database cannot hold, the others must not suffer. */
  async #takeIn(organizationId: string, entries: readonly StreamEntry[]): Promise<readonly IngestOutcome[]> {
    try {
      return [await this.#inTransaction(organizationId, entries)]
    } catch (error) {
      if (!isDataError(error)) throw error
    }
    const outcomes: IngestOutcome[] = []
    for (const entry of entries) outcomes.push(await this.#takeInAlone(organizationId, entry))
    return outcomes
  }

  async #takeInAlone(organizationId: string, entry: StreamEntry): Promise<IngestOutcome> {
    try {
      return await this.#inTransaction(organizationId, [entry])
    } catch (error) {
      if (!isDataError(error)) throw error
      const rejected = [{ entry, reason: `the database refuses it: ${error.message}` }]
      return this.#deps.database.transaction(organizationId, (em) =>
        setAside(em, organizationId, rejected, this.#deps.now()),
      )
    }
  }

  /**
   * What is committed is confirmed before it is acknowledged: a batch that left the stream unconfirmed was lost. But a store
   * that is full takes no confirmation, and only acknowledging makes room for one.
   */
  async #handOver(
    organizationId: string,
    entries: readonly StreamEntry[],
    sources: readonly EventSource[],
  ): Promise<void> {
    const { events } = this.#deps.transport
    try {
      await this.#confirm(organizationId, sources)
    } catch (error) {
      if (!(error instanceof TransportUnavailable)) throw error
      await events.acknowledge(entries)
      await this.#confirm(organizationId, sources)
      return
    }
    await events.acknowledge(entries)
  }

  async #confirm(organizationId: string, sources: readonly EventSource[]): Promise<void> {
    const { database, transport, secrets } = this.#deps
    if (sources.length === 0) return
    const signers = await database.transaction(organizationId, (em) => secrets.signers.read(em))
    for (const { dataPlaneId, incarnation, contiguous: sequence } of sources) {
      const confirmation = { format: 1 as const, organizationId, dataPlaneId, incarnation, sequence }
      const sealed = sealConfirmation(confirmation, signers)
      await transport.events.confirm(organizationId, dataPlaneId, sealed)
    }
  }

  #inTransaction(organizationId: string, entries: readonly StreamEntry[]): Promise<IngestOutcome> {
    const { database, now } = this.#deps
    return database.transaction(organizationId, (em) => ingestEntries(em, organizationId, entries, now()))
  }

  #report(organizationId: string, { rejected, unsettled, gaps }: IngestOutcome): void {
    const { log } = this.#deps
    this.counts.rejectedBatches += rejected.length
    this.counts.recordGaps += gaps
    if (gaps > 0) log.error({ organizationId, gaps }, 'something is missing from the record')
    for (const { entry, reason } of rejected) {
      log.warn({ organizationId, entryId: entry.id, reason }, 'rejected an event batch')
    }
    for (const { dataPlaneId, leaseId, nanoUsd } of unsettled) {
      log.error(
        { organizationId, dataPlaneId, leaseId, nanoUsd: String(nanoUsd) },
        'a charge names a lease that is not known',
      )
    }
  }
}

/** The entries in their order, each portion with at least one and no more than it may hold. */
function portionsOf(entries: readonly StreamEntry[]): StreamEntry[][] {
  const portions: StreamEntry[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    bytes += entry.body.length
    if (bytes > portionBytes) {
      portions.push([])
      bytes = entry.body.length
    }
    portions.at(-1)?.push(entry)
  }
  return portions
}
