import { Counter, Gauge, type Registry } from 'prom-client'

/** Series per label at most: a metric must not grow with the configuration. */
export const mostLabelValues = 200

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

type Description = readonly [
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
]

/** Registers a counter whose values are kept elsewhere and read when they are asked for. */
export function counter(registry: Registry, ...description: Description): void {
  register(Counter, registry, description)
}

/** Registers a gauge that is read when it is asked for. */
export function gauge(registry: Registry, ...description: Description): void {
  register(Gauge, registry, description)
}

function register(
  Kind: typeof Counter | typeof Gauge,
  registry: Registry,
  [name, help, labelNames, read]: Description,
): void {
  const mostSeries = mostLabelValues * Math.max(1, labelNames.length)
  const metric: Counter | Gauge = new Kind({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const samples = await read()
      metric.reset()
      for (const { labels, value } of samples.slice(0, mostSeries)) metric.inc(labels, value)
    },
  })
}

/** Registers a gauge without labels; it has no sample while its value is not known. */
export function singleGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | null | Promise<number | null>,
): void {
  gauge(registry, name, help, [], async () => {
    const value = await read()
    return value === null ? [] : [{ labels: {}, value }]
  })
}
