import { LatencyHistogram } from './latency.ts'

/** What one plugin did since the process started; kept over changes of its configuration. */
export class StageMetrics {
  calls = 0
  denials = 0
  errors = 0
  readonly latency = new LatencyHistogram()
}

export interface StageReport {
  readonly name: string
  readonly version: string
  readonly builtin: boolean
  readonly enabled: boolean
  /** Position in the pipeline, from 1; 0 when it does not run. */
  readonly order: number
  readonly calls: number
  readonly denials: number
  readonly errors: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}
