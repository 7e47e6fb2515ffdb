/** The value of an environment variable, 1 to `most`; `preset` when it is not set. A mistake is noted in `problems`. */
export function wholeNumberOf(
  source: Readonly<Record<string, string | undefined>>,
  name: string,
  { preset, most }: { readonly preset: number; readonly most: number },
  problems: string[],
): number {
  const value = Number(source[name] || preset)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  problems.push(`${name} must be a whole number, 1 to ${most}`)
  return preset
}
