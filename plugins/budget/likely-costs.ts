import type { Operation } from 'gatehouse/plugin-sdk'
import { QuantileSketch } from './quantile-sketch.ts'

/** What is estimated of a call: which model it is for, and what can be said of its cost beforehand. */
export interface CostQuestion {
  readonly modelId: string
  readonly operation: Operation
  /** The most that it can cost; of one that refers to something of unknown size, the most that the rest of it can. */
  readonly boundNanoUsd: number
  readonly isBounded: boolean
}

/** In twenty calls cost more. */
const share = 0.95
/** With fewer the twentieth part is no number. */
const fewestSamples = 20
const mostSketches = 1_000
/** A share of the bound is counted in millionths. */
const whole = 1_000_000

/**
 * Estimates what a call will cost from those that ended lately, for each model and operation: nineteen in twenty cost
 * no more. A call with a bound is estimated as a share of it; one without by what others without cost. Until twenty
 * have ended, the estimate is the bound.
 */
export class LikelyCosts {
  readonly #sketches = new Map<string, QuantileSketch>()

  estimate(question: CostQuestion): number {
    const { boundNanoUsd, isBounded } = question
    const sketch = this.#sketches.get(nameOf(question))
    if (!sketch || sketch.total < fewestSamples) return boundNanoUsd
    const quantile = sketch.quantile(share)
    return isBounded ? Math.min(boundNanoUsd, Math.ceil((boundNanoUsd * quantile) / whole)) : quantile
  }

  observe(question: CostQuestion, costNanoUsd: number): void {
    const { boundNanoUsd, isBounded } = question
    if (isBounded && boundNanoUsd === 0) return
    const value = isBounded ? (costNanoUsd * whole) / boundNanoUsd : costNanoUsd
    this.#sketchOf(nameOf(question)).observe(Math.max(1, Math.ceil(value)))
  }

  #sketchOf(name: string): QuantileSketch {
    const known = this.#sketches.get(name)
    if (known) return known
    const [oldest] = this.#sketches.keys()
    if (oldest !== undefined && this.#sketches.size >= mostSketches) this.#sketches.delete(oldest)
    const fresh = new QuantileSketch()
    this.#sketches.set(name, fresh)
    return fresh
  }
}

function nameOf({ modelId, operation, isBounded }: CostQuestion): string {
  return `${modelId} ${operation} ${isBounded}`
}
