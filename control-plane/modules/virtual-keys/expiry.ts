import { BadUserInput } from '../../graphql/errors.ts'
import { checkFuture } from '../../input.ts'

/** How long a key may live, in seconds, by the names that the API has for the usual lengths. */
export const expiryPresets = {
  HOUR: 3_600,
  DAY: 86_400,
  WEEK: 604_800,
  MONTH: 2_592_000,
  QUARTER: 7_776_000,
  YEAR: 31_536_000,
} as const
export type ExpiryPreset = keyof typeof expiryPresets

export interface ExpiryInput {
  /** Null: never. */
  readonly expiresAt?: Date | null | undefined
  readonly expiresIn?: ExpiryPreset | null | undefined
}

/**
 * When a key is to stop working: null never, undefined when the input says nothing.
 *
 * @param now Milliseconds since the epoch.
 * @throws BadUserInput for a time that has passed, and for both a time and a length.
 */
export function readExpiry({ expiresAt, expiresIn }: ExpiryInput, now: number): Date | null | undefined {
  if (expiresIn == null) return expiresAt && checkFuture('expiresAt', expiresAt, now)
  if (expiresAt !== undefined) throw new BadUserInput('expiresIn', 'cannot be combined with "expiresAt"')
  return expiryAfter(expiresIn, now)
}

export function expiryAfter(preset: ExpiryPreset, now: number): Date {
  return new Date(now + expiryPresets[preset] * 1000)
}
