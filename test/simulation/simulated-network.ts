import type { Random } from '../../chaos/random.ts'
import type { SimulatedTime } from './simulated-time.ts'

export interface Weather {
  /** Shares of the messages. */
  readonly lost: number
  readonly doubled: number
  /** How late a message may come; those that are late are overtaken. */
  readonly slowestMs: number
}

export const fair: Weather = { lost: 0, doubled: 0, slowestMs: 10 }

/** Carries messages between the planes as its weather allows. */
export class SimulatedNetwork {
  readonly #time: SimulatedTime
  readonly #random: Random
  weather = fair

  constructor(time: SimulatedTime, random: Random) {
    this.#time = time
    this.#random = random
  }

  carry(deliver: () => void): void {
    const { lost, doubled, slowestMs } = this.weather
    if (this.#random.next() < lost) return
    const copies = this.#random.next() < doubled ? 2 : 1
    for (let copy = 0; copy < copies; copy++) this.#time.in(this.#random.between(1, slowestMs), deliver)
  }
}
