import { parseArgs } from 'node:util'
import { run } from '../run.ts'
import { wholeNumber } from '../whole-number.ts'
import { type BenchCase, benchCases } from './cases.ts'

const usage = `npm run bench:authorization -- [options]

  --rounds <n>  how often each case is measured, for 200 ms of CPU each time (15)
  --help

One JSON line a case goes to stdout: the median of the rounds, the fastest and the slowest, in nanoseconds of CPU each.`

const roundMs = 200

async function main(): Promise<void> {
  const options = { rounds: { type: 'string' }, help: { type: 'boolean', default: false } } as const
  const { values } = parseArgs({ options })
  if (values.help) {
    process.stderr.write(`${usage}\n`)
    return
  }
  const rounds = wholeNumber('--rounds', values.rounds, 15, 1_000)
  for (const one of benchCases) process.stdout.write(`${JSON.stringify(measure(one, rounds))}\n`)
}

/** The first round warms up and does not count. */
function measure({ name, what, run: once }: BenchCase, rounds: number) {
  const nanoseconds = Array.from({ length: rounds + 1 }, () => measureRound(once)).slice(1)
  const sorted = nanoseconds.toSorted((a, b) => a - b)
  const [median = 0] = sorted.slice(Math.floor(rounds / 2))
  const [fastest = 0] = sorted
  const slowest = sorted.at(-1) ?? 0
  const round = (value: number) => Math.round(value * 10) / 10
  return { case: name, what, medianNs: round(median), fastestNs: round(fastest), slowestNs: round(slowest) }
}

/** Nanoseconds of this process for each turn: what else the machine does in the meantime does not count. */
function measureRound(once: BenchCase['run']): number {
  const batch = 200
  let [turns, yes] = [0, 0]
  const start = process.cpuUsage()
  let elapsed = 0
  while (elapsed < roundMs * 1_000) {
    // What comes of it is used, so that nothing is left out as useless.
    for (let turn = 0; turn < batch; turn++) if (once(turns + turn)) yes++
    turns += batch
    elapsed = process.cpuUsage(start).user
  }
  if (yes > turns) throw new Error('more answers than questions')
  return (elapsed * 1_000) / turns
}

await run(main)
