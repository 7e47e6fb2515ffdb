import type { Distribution } from './measure.ts'

/** What one more virtual key costs, by the smallest and the largest of the sizes measured. */
export interface OneMoreKey {
  readonly snapshotBytes: number
  readonly residentKb: { readonly controlPlane: number; readonly dataPlane: number }
  /** Of the time until a snapshot is published, and until it runs. */
  readonly snapshotMicros: { readonly controlPlane: number; readonly dataPlane: number }
  readonly startMicros: { readonly controlPlane: number; readonly dataPlane: number }
}

/** @returns undefined when all were of one size */
export function costOfOneMoreKey(measured: readonly Distribution[]): OneMoreKey | undefined {
  const sorted = measured.toSorted((a, b) => a.keys - b.keys)
  const [smallest, largest] = [sorted.at(0), sorted.at(-1)]
  if (!smallest || !largest || smallest.keys === largest.keys) return undefined
  const perKey = (of: (size: Distribution) => number) =>
    Number(((of(largest) - of(smallest)) / (largest.keys - smallest.keys)).toFixed(2))
  const ofBoth = (part: 'residentMb' | 'snapshotMs' | 'startMs') => ({
    controlPlane: perKey((size) => size[part].controlPlane * 1_000),
    dataPlane: perKey((size) => size[part].dataPlane * 1_000),
  })
  return {
    snapshotBytes: perKey(({ snapshotBytes }) => snapshotBytes),
    residentKb: ofBoth('residentMb'),
    snapshotMicros: ofBoth('snapshotMs'),
    startMicros: ofBoth('startMs'),
  }
}
