/**
 * Reads a flag's value.
 *
 * @throws RangeError that names the flag and what it takes.
 */
export function wholeNumber(flag: string, text: string | undefined, otherwise: number, max: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new RangeError(`${flag} takes a whole number from 1 to ${max}, not "${text}"`)
  }
  return value
}
