const minuteMs = 60_000
/** How long those last that are all alike. */
export const grainMs = {
  minute: minuteMs,
  /** Of an hour: every time zone of today is whole quarters away from UTC. */
  quarter: 15 * minuteMs,
  hour: 60 * minuteMs,
  day: 24 * 60 * minuteMs,
} as const
/** Of UTC, the coarsest first: each is whole in the next longer one. */
export const grains = ['year', 'month', 'day', 'hour', 'quarter', 'minute'] as const
export type Grain = (typeof grains)[number]

/** When the grain begins that a time is in. */
export function beginOfGrain(grain: Grain, time: number): number {
  if (!Number.isFinite(time)) return time
  if (grain === 'year' || grain === 'month') return firstDay(grain, time, 0)
  return Math.floor(time / grainMs[grain]) * grainMs[grain]
}

/** When the first grain begins that does so at this time or later. */
export function nextGrain(grain: Grain, time: number): number {
  const begin = beginOfGrain(grain, time)
  if (begin === time) return time
  return grain === 'year' || grain === 'month' ? firstDay(grain, time, 1) : begin + grainMs[grain]
}

function firstDay(grain: 'year' | 'month', time: number, later: number): number {
  const date = new Date(time)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  // Not Date.UTC, to which the year 99 is 1999.
  const day = grain === 'year' ? [year + later, 0, 1] : [year, month + later, 1]
  return new Date(0).setUTCFullYear(...(day as [number, number, number]))
}
