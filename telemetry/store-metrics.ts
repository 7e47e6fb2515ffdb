import type { Registry } from 'prom-client'
import { singleGauge } from './prometheus.ts'

interface Memory {
  readonly usedBytes: number
  readonly maxBytes: number | null
  readonly evicts: boolean
}

/** Registers what a plane knows of the memory of the store between the planes. */
export function describeStore(registry: Registry, memory: () => Memory | undefined): void {
  const used = 'Memory that the store between the planes uses.'
  singleGauge(registry, 'gatehouse_store_memory_bytes', used, () => memory()?.usedBytes ?? null)
  const limit = 'Memory that the store between the planes may use; absent where it has no limit.'
  singleGauge(registry, 'gatehouse_store_memory_limit_bytes', limit, () => memory()?.maxBytes ?? null)
  const evicts =
    'Whether the store between the planes throws data away when its memory is used up; must be 0.'
  singleGauge(registry, 'gatehouse_store_evicts', evicts, () => {
    const known = memory()
    return known ? Number(known.evicts) : null
  })
}
