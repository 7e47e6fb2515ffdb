import type { ScheduleOptions } from './schedule.ts'

/** What became of a promise. */
export interface Finding {
  /** The line that is printed. */
  readonly verdict: Readonly<Record<string, string | number>>
  readonly isKept: boolean
  /** The calls that broke it, by how they did. */
  readonly broken: Readonly<Record<string, readonly string[]>>
  /** Calls that are to be known though nothing is broken, by what they are. */
  readonly listed?: Readonly<Record<string, readonly string[]>>
}

/** A promise, and what is done to break it. */
export interface Scenario {
  readonly promise: string
  prove(options: ScheduleOptions, progress: (line: string) => void): Promise<Finding>
}
