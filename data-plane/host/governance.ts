import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeReported } from '../../contract/events.ts'
import type { KeyLookup, SigningKey } from '../../contract/signed.ts'
import type { Budgets, Concurrency, Journal, Ledger, Limits } from '../../plugins/sdk/builtin.ts'
import type { DataPlaneTransport } from '../../transport/transport.ts'
import { BudgetStandings, isQuestion } from './budget-standings.ts'
import { SlotConcurrency } from './concurrency.ts'
import { HoldingsReport } from './holdings-report.ts'
import type { HostLog } from './host-log.ts'
import { DurableJournal } from './journal.ts'
import type { JournalNumbers } from './journal-numbers.ts'
import type { JournalOptions } from './journal-options.ts'
import { LeaseDesk } from './lease-desk.ts'
import { LeaseLedger } from './ledger.ts'
import { PermitLimits } from './limits.ts'
import { RemoteIntents } from './remote-intents.ts'
import { Shipper } from './shipper.ts'

export interface GovernanceOptions {
  readonly transport: Pick<
    DataPlaneTransport,
    'events' | 'leases' | 'limits' | 'slots' | 'intents' | 'holdings'
  >
  readonly organizationId: string
  readonly dataPlaneId: string
  /** Ed25519; its id is the data plane's. */
  readonly signingKey: SigningKey
  /** Finds the control plane's pinned key. */
  readonly controlPlaneKeys: KeyLookup
  /** The journal lives in its folder `journal`. */
  readonly stateDirectory: string
  /** How the journal records. */
  readonly recording: Pick<JournalOptions, 'durability' | 'whenFull' | 'maxBytes' | 'acceptDamage'>
  /** How many data planes the organization has, as the configuration says. */
  readonly dataPlanes: () => number
  readonly now: () => number
  readonly log: HostLog
}

/** What the built-in stages govern with, and what reports back to the control plane. */
export interface Governance {
  readonly ledger: Ledger
  readonly budgets: Budgets
  readonly limits: Limits
  readonly concurrency: Concurrency
  readonly journal: Journal
  /** Tells the control plane what this data plane runs. */
  report(event: NodeReported): void
  /** The control plane's database was restored from a backup. */
  followRestore(): void
  /** Events that are recorded here and not yet with the control plane. */
  readonly eventBacklog: number
  /** How the journal fares, at this moment. */
  readonly journalNumbers: JournalNumbers
  readonly leases: {
    /** How long the oldest request to the control plane has no answer; null when none waits. */
    readonly unansweredForMs: number | null
    readonly budgets: LeaseLedger['leased']
  }
  /** Limits of requests, tokens or calls under way are counted without the other data planes. */
  readonly hasLocalLimits: boolean
  /** Gives leases back and ships what is recorded, for at most `limitMs`; what is left waits for the next start. */
  close(limitMs: number): Promise<void>
}

const sweepMs = 250
const permitSweepMs = 20
const slotRenewalMs = 1_000
const holdingsReportMs = 1_000

/**
 * Opens the journal of the state directory, takes up the leases of the last process, and begins to ship.
 *
 * @throws JournalDamaged
 */
export async function openGovernance(options: GovernanceOptions): Promise<Governance> {
  const { transport, organizationId, dataPlaneId, signingKey, controlPlaneKeys, now, log } = options
  const journal = openJournal(options)
  const { leases, asks } = journal.recovered
  const ledger = new LeaseLedger(
    {
      ask: (ask) => desk.ask(ask),
      journal: {
        granted: (requestId, granted) => journal.granted(requestId, granted),
        closed: (leaseId) => journal.report({ type: 'lease.closed', leaseId }),
        confirmation: () => journal.confirmation(),
      },
      now,
      log,
    },
    leases,
    asks.flatMap((request) => request.asks).filter((ask) => !isQuestion(ask)),
  )
  const budgets = new BudgetStandings({ ask: (ask) => desk.ask(ask), now })
  const sender = { organizationId, dataPlaneId, signingKey, log }
  const desk = new LeaseDesk({
    ...sender,
    leases: transport.leases,
    controlPlaneKeys,
    onAsk: (request) => journal.asked(request),
    written: () => journal.secured(),
    onGrants(request, grants) {
      const asks = request.asks.filter((ask) => !isQuestion(ask))
      ledger.onGrants({ ...request, asks }, grants)
      budgets.learn(grants)
    },
  })
  journal.attachLedger(
    (hold) => ledger.heldBy(hold),
    (hold) => ledger.recorded(hold),
  )
  const limits = new PermitLimits({ store: transport.limits, dataPlanes: options.dataPlanes, now, log })
  const concurrency = new SlotConcurrency({
    ...{ store: transport.slots, dataPlanes: options.dataPlanes, now, log },
  })
  const remote =
    options.recording.durability === 'remote'
      ? new RemoteIntents({ ...sender, store: transport.intents }, journal.backlog)
      : undefined
  if (remote) journal.attachRemote(remote)
  const onStored = (events: number) => remote?.stored(events)
  const shipper = new Shipper({ ...sender, controlPlaneKeys, journal, events: transport.events, onStored })
  const holdingsReport = new HoldingsReport({
    ...{ ...sender, store: transport.holdings, holdings: () => ledger.holdings, now },
  })
  await desk.start(asks)
  shipper.start()
  const timers = [
    setInterval(() => ledger.sweep(), sweepMs),
    setInterval(() => limits.sweep(), permitSweepMs),
    setInterval(() => concurrency.renew(), slotRenewalMs),
    setInterval(() => holdingsReport.tell(), holdingsReportMs),
  ]
  return {
    ledger,
    budgets,
    limits,
    concurrency,
    journal,
    report: (event) => journal.report(event),
    followRestore() {
      // The restored database may not know them; their calls under way settle as they were admitted.
      ledger.giveBack()
      shipper.beginAnew()
    },
    get eventBacklog() {
      return journal.backlog
    },
    journalNumbers: journal,
    get leases() {
      return { unansweredForMs: desk.unansweredForMs, budgets: ledger.leased }
    },
    get hasLocalLimits() {
      return limits.isLocal || concurrency.isLocal
    },
    async close(limitMs) {
      for (const timer of timers) clearInterval(timer)
      ledger.close()
      await holdingsReport.tell()
      budgets.close()
      limits.close()
      await concurrency.close()
      await shipper.close(limitMs)
      await remote?.close()
      await desk.close()
      await journal.close()
    },
  }
}

function openJournal({ stateDirectory, recording, now, log }: GovernanceOptions): DurableJournal {
  const directory = join(stateDirectory, 'journal')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return DurableJournal.open({ ...recording, directory, now, log })
}
