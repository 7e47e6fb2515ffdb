/** How long a stage may keep a call waiting before it counts as failed. */
export const admissionLimitMs = 30_000
/** How long a stage may take to settle and record. */
export const completionLimitMs = 10_000

export function isPromise(value: unknown): value is Promise<void> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
