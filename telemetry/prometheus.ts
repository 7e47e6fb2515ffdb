import { Counter, Gauge, type Registry } from 'prom-client'

/** Series per label at most: a metric must not grow with the configuration. */
export const mostLabelValues = 200

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

type Read = () => readonly Sample[] | Promise<readonly Sample[]>

/** Registers a counter whose values are kept elsewhere and read when they are asked for. */
export function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: Read,
): void {
  const metric = new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const samples = await read()
      metric.reset()
      for (const { labels, value } of samples.slice(0, mostLabelValues)) metric.inc(labels, value)
    },
  })
}

/** Registers a gauge that is read when it is asked for. */
export function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: Read,
): void {
  const metric = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const samples = await read()
      metric.reset()
      for (const { labels, value } of samples.slice(0, mostLabelValues * 2)) metric.set(labels, value)
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
