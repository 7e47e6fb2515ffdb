import { generateKeyPairSync } from 'node:crypto'
import { Random } from '../../chaos/random.ts'
import { windowName } from '../../control-plane/leases/windows.ts'
import type { BudgetNode, Hold, Shortfall } from '../../plugins/sdk/builtin.ts'
import { type SimulatedBudget, SimulatedControlPlane } from './simulated-control-plane.ts'
import { type Crash, SimulatedDisk } from './simulated-disk.ts'
import { fair, SimulatedNetwork, type Weather } from './simulated-network.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { SimulatedTime } from './simulated-time.ts'

export type Step =
  | {
      readonly do: 'call'
      readonly dataPlane: number
      readonly budgets: readonly number[]
      /** The most that the call can cost, as a share of the smallest limit. */
      readonly bound: number
      /** What the provider bills, as a share of that. */
      readonly billed: number
      /** The answer is cut off: the data plane charges all that it set aside. */
      readonly isCut: boolean
      readonly lastsMs: number
    }
  | { readonly do: 'crash'; readonly dataPlane: number; readonly how: Crash; readonly downMs: number }
  | { readonly do: 'outage'; readonly downMs: number }
  | { readonly do: 'weather'; readonly weather: Weather }
  | { readonly do: 'pass'; readonly ms: number }

export interface Schedule {
  /** Decides what becomes of each message, and what a loss of power leaves. */
  readonly seed: number
  readonly limits: readonly number[]
  readonly steps: readonly Step[]
}

/** Rules of the product that can be left out, to see that they are missed. */
export interface Rules {
  /** What is not on the disk for good is told to nobody. */
  readonly shipsOnlyWhatIsKept: boolean
  /** No request leaves before it is on the disk for good. */
  readonly asksOnlyWhatIsKept: boolean
  /** What a later process of a data plane says of a lease's end counts more. */
  readonly believesLaterProcesses: boolean
}

export const allRules: Rules = {
  shipsOnlyWhatIsKept: true,
  asksOnlyWhatIsKept: true,
  believesLaterProcesses: true,
}

const dataPlanes = 3
const keys = Array.from({ length: dataPlanes }, () => generateKeyPairSync('ed25519'))
const controlPlaneKeys = generateKeyPairSync('ed25519')
/** The longest that what was lost waits to be sent again, many times over. */
const quietLimitMs = 600_000
const leastUsedShare = 0.95
/** Of what a budget is spent to its end with. */
const lastCallShare = 0.04

/** Runs one schedule, and then in fair weather until nothing moves. @returns what was broken, in words */
export async function runSchedule(schedule: Schedule, rules: Rules): Promise<readonly string[]> {
  using time = new SimulatedTime()
  const run = new Run(schedule, rules, time)
  for (const step of schedule.steps) await run.perform(step)
  await run.end()
  return run.violations
}

class Run {
  readonly violations: string[] = []
  readonly #rules: Rules
  readonly #time: SimulatedTime
  readonly #network: SimulatedNetwork
  readonly #budgets: readonly SimulatedBudget[]
  readonly #controlPlane: SimulatedControlPlane
  readonly #disks: readonly SimulatedDisk[]
  readonly #processes: (SimulatedProcess | undefined)[]
  readonly #nodes: readonly BudgetNode[]
  /** By window; what each attempt was billed too. */
  readonly #billed = new Map<string, number>()
  readonly #bills = new Map<string, number>()
  #attempts = 0

  constructor({ seed, limits }: Schedule, rules: Rules, time: SimulatedTime) {
    const random = new Random(seed)
    this.#rules = rules
    this.#time = time
    this.#network = new SimulatedNetwork(time, random)
    this.#budgets = limits.map((limit, index) => budgetOf(index, limit, time.now))
    this.#nodes = this.#budgets.map(({ id, limit }) => ({ id, scope: 'team', limitNanoUsd: String(limit) }))
    this.#controlPlane = new SimulatedControlPlane({
      time,
      budgets: this.#budgets,
      believesLaterProcesses: rules.believesLaterProcesses,
      signingKey: { id: 'control plane', privateKey: controlPlaneKeys.privateKey },
      dataPlaneKeys: (id) => keys[Number(id)]?.publicKey,
      violated: (what) => this.#violated(what),
    })
    this.#disks = keys.map(() => new SimulatedDisk(time, random))
    this.#processes = this.#disks.map((_, index) => this.#start(index))
  }

  async perform(step: Step): Promise<void> {
    switch (step.do) {
      case 'call':
        void this.#call(step)
        return this.#time.pass(0)
      case 'crash':
        return this.#crash(step.dataPlane, step.how, step.downMs)
      case 'outage':
        this.#controlPlane.isUp = false
        this.#time.in(step.downMs, () => {
          this.#controlPlane.isUp = true
        })
        return
      case 'weather':
        this.#network.weather = step.weather
        return
      case 'pass':
        return this.#time.pass(step.ms)
    }
  }

  /** Lets everything come to rest, spends what is left on one data plane while the others lie idle, and takes stock. */
  async end(): Promise<void> {
    this.#network.weather = fair
    await this.#comeToRest()
    this.#takeStock()
    await this.#spendRest()
    await this.#comeToRest()
    this.#takeStock()
  }

  #start(index: number): SimulatedProcess {
    const disk = this.#disks[index]
    const pair = keys[index]
    if (!disk || !pair) throw new RangeError(`no data plane ${index}`)
    const toProcess = (deliver: (process: SimulatedProcess) => void) =>
      this.#network.carry(() => {
        const process = this.#processes[index]
        if (process) deliver(process)
      })
    const toControlPlane = (take: (controlPlane: SimulatedControlPlane) => void) =>
      this.#network.carry(() => {
        if (this.#controlPlane.isUp) take(this.#controlPlane)
      })
    return new SimulatedProcess({
      rules: this.#rules,
      dataPlaneId: String(index),
      signingKey: { id: String(index), privateKey: pair.privateKey },
      controlPlaneKey: controlPlaneKeys.publicKey,
      time: this.#time,
      disk,
      sendRequest: (text) =>
        toControlPlane((controlPlane) => {
          const reply = controlPlane.answer(text)
          toProcess((process) => process.hearReply(reply))
        }),
      sendBatch: (batch) =>
        toControlPlane((controlPlane) => {
          const confirmation = controlPlane.ingest(batch)
          toProcess((process) => process.hearConfirmation(confirmation))
        }),
    })
  }

  #crash(index: number, how: Crash, downMs: number): void {
    const process = this.#processes[index]
    if (!process) return
    this.#processes[index] = undefined
    process.crash(how)
    this.#time.in(downMs, () => {
      this.#processes[index] = this.#start(index)
    })
  }

  async #call(step: Extract<Step, { do: 'call' }>): Promise<'served' | Shortfall['reason']> {
    const process = this.#processes[step.dataPlane]
    const path = this.#budgets.filter((_, index) => step.budgets.includes(index))
    if (!process || path.length === 0) return 'unavailable'
    const bound = Math.ceil(
      step.bound * Number(path.reduce((least, { limit }) => min(least, limit), path[0]?.limit ?? 0n)),
    )
    const attemptId = `attempt_${++this.#attempts}`
    const nodes = this.#nodes.filter((_, index) => step.budgets.includes(index))
    const hold = await process.admit(nodes, bound, attemptId)
    if (typeof hold === 'string') return hold
    const billed = Math.floor(bound * step.billed)
    this.#bill(attemptId, hold, billed)
    const end = { costNanoUsd: step.isCut ? bound : billed, estimated: step.isCut }
    this.#time.in(step.lastsMs, () => process.finish(hold, attemptId, end))
    return 'served'
  }

  /** The provider asks for its money the moment it is asked, whatever becomes of its answer. */
  #bill(attemptId: string, hold: Hold, nanoUsd: number): void {
    this.#bills.set(attemptId, nanoUsd)
    const windows = new Set(hold.charges.map(({ leaseId }) => this.#windowOf(leaseId)))
    for (const window of windows) {
      const billed = (this.#billed.get(window) ?? 0) + nanoUsd
      this.#billed.set(window, billed)
      const limit = this.#budgets.find(({ id }) => window.startsWith(`${id}@`))?.limit ?? 0n
      if (billed > limit) this.#violated(`${window} of ${limit} is billed ${billed}`)
    }
  }

  #windowOf(leaseId: string): string {
    const lease = this.#controlPlane.leases.get(leaseId)
    if (!lease) throw new RangeError(`nobody granted ${leaseId}`)
    return windowName(lease)
  }

  async #comeToRest(): Promise<void> {
    const until = this.#time.now + quietLimitMs
    const isAtRest = () =>
      this.#controlPlane.isUp &&
      this.#processes.every((process) => process?.isAsking === false) &&
      [...this.#controlPlane.leases.values()].every(({ closed }) => closed) &&
      [...this.#bills.keys()].every((attempt) => this.#controlPlane.charged.has(attempt))
    do await this.#time.pass(1_000)
    while (!isAtRest() && this.#time.now < until)
  }

  #takeStock(): void {
    const { windows, charged } = this.#controlPlane
    for (const [window, { balance, budgetId }] of windows) {
      const limit = this.#budgets.find(({ id }) => id === budgetId)?.limit ?? 0n
      const { settled, leased, overdrawn } = balance
      if (leased !== 0n) this.#violated(`${window}: ${leased} is stuck`)
      if (overdrawn !== 0n || settled > limit)
        this.#violated(`${window} of ${limit}: settled ${settled}, overdrawn ${overdrawn}`)
      const sum = [...charged.values()].reduce(
        (total, { byWindow }) => total + (byWindow.get(window) ?? 0),
        0,
      )
      if (BigInt(sum) !== settled) this.#violated(`${window}: calls charge ${sum}, settled is ${settled}`)
    }
    for (const [attempt, bill] of this.#bills) this.#compare(attempt, bill)
  }

  #compare(attempt: string, bill: number): void {
    const charged = this.#controlPlane.charged.get(attempt)
    if (!charged) this.#violated(`${attempt} was billed ${bill} and is not charged`)
    for (const [window, nanoUsd] of charged?.byWindow ?? []) {
      if (nanoUsd < bill || (nanoUsd > bill && !charged?.isEstimated))
        this.#violated(`${attempt} was billed ${bill} and is charged ${nanoUsd} in ${window}`)
    }
  }

  /** Of the first budget, which never resets. */
  async #spendRest(): Promise<void> {
    const last = {
      do: 'call',
      dataPlane: 0,
      budgets: [0],
      bound: lastCallShare,
      billed: 1,
      isCut: false,
      lastsMs: 0,
    } as const
    for (let answer = ''; answer !== 'exceeded'; ) {
      void this.#call(last).then((told) => {
        answer = told
      })
      await this.#time.pass(answer === 'unavailable' ? 1_000 : 200)
    }
    await this.#comeToRest()
    const budget = this.#budgets[0]
    const [used] = [...this.#controlPlane.windows.values()].filter(({ budgetId }) => budgetId === budget?.id)
    const share = Number(used?.balance.settled ?? 0n) / Number(budget?.limit ?? 1n)
    if (share < leastUsedShare) this.#violated(`only ${share} of ${budget?.id} can be spent`)
  }

  #violated(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what)
  }
}

/** The last one begins anew with each minute. */
function budgetOf(index: number, limit: number, now: number): SimulatedBudget {
  return {
    ...{ id: `bud_${index}`, limit: BigInt(limit), createdAt: new Date(now) },
    ...{ period: index === 2 ? 'MINUTE' : 'NONE', alignment: 'CALENDAR', timeZone: 'UTC' },
    ...{ weekStartsOn: 'MONDAY', fiscalYearStartsIn: 1 },
  }
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
