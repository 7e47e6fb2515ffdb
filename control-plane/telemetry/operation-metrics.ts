import { Counter, Histogram, type Registry } from 'prom-client'
import { mostLabelValues } from '../../telemetry/prometheus.ts'
import type { EndedOperation } from './observed-operation.ts'

const durationBoundariesSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
/** Clients choose the names; behind the first ones of a process the rest share this. */
const otherName = 'other'
const noName = 'anonymous'

/** Counts and times operations by name, type and outcome. */
export function createOperationMetrics(registry: Registry): (operation: EndedOperation) => void {
  const names = new Set<string>()
  const total = new Counter({
    name: 'gatehouse_operations_total',
    help: 'GraphQL operations by how they ended.',
    labelNames: ['operation', 'type', 'outcome'],
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'gatehouse_operation_duration_seconds',
    help: 'Time from a GraphQL request to its answer; of a subscription, to its begin.',
    labelNames: ['operation', 'type'],
    buckets: durationBoundariesSeconds,
    registers: [registry],
  })
  const labelOf = (name: string | undefined): string => {
    if (name === undefined) return noName
    if (names.size < mostLabelValues) names.add(name)
    return names.has(name) ? name : otherName
  }
  return ({ name, type = 'none', outcome, durationMs }) => {
    const operation = labelOf(name)
    total.inc({ operation, type, outcome })
    duration.observe({ operation, type }, durationMs / 1_000)
  }
}
