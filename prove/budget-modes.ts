import type { Planes } from '../test/acceptance/planes.ts'
import { type Rush, spendAtOnce } from '../test/acceptance/spend-at-once.ts'
import type { Progress, ProofVerdict } from './proof.ts'

/** Twice and a half of what the budget pays for. */
const rush = { limitNanoUsd: 1_000_000_000, calls: 1_000, outputTokens: 4_000 }

const promises: Readonly<Record<Rush['mode'], string>> = {
  STRICT: '1 000 calls at once on a budget of one dollar over two data planes: never a cent more',
  BALANCED:
    '1 000 calls at once on a balanced budget: no more beyond it than the data planes showed as the bound',
}

/** The provider's log says what was billed. */
export async function proveBudgetMode(
  planes: Planes,
  mode: Rush['mode'],
  progress: Progress,
): Promise<ProofVerdict> {
  const spending = await spendAtOnce(planes, { ...rush, mode })
  const { served, billedNanoUsd, boundNanoUsd } = spending
  progress(`${mode}: ${served} of ${rush.calls} calls served, ${billedNanoUsd} nano-USD billed`)
  return {
    promise: promises[mode],
    ...{ calls: rush.calls, limitNanoUsd: rush.limitNanoUsd, ...spending },
    kept:
      served > 0 &&
      billedNanoUsd <= rush.limitNanoUsd + boundNanoUsd &&
      (mode === 'BALANCED' || boundNanoUsd === 0),
  }
}
