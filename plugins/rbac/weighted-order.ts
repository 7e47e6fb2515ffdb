import type { Target } from 'gatehouse/plugin-sdk/builtin'

/**
 * Orders targets by a weighted draw without replacement. Those without a weight come last, as they stand: they take
 * part only when they are named or nothing else is left.
 *
 * @param random uniform in [0, 1)
 */
export function orderByWeight(targets: readonly Target[], random: () => number): readonly Target[] {
  const remaining = targets.filter((target) => target.grant.weight !== null)
  const unweighted = targets.filter((target) => target.grant.weight === null)
  const ordered: Target[] = []
  while (remaining.length > 1) {
    const [drawn] = remaining.splice(drawIndex(remaining, random()), 1)
    if (drawn) ordered.push(drawn)
  }
  return [...ordered, ...remaining, ...unweighted]
}

function drawIndex(targets: readonly Target[], draw: number): number {
  const total = targets.reduce((sum, target) => sum + (target.grant.weight ?? 0), 0)
  let left = draw * total
  for (const [index, target] of targets.entries()) {
    left -= target.grant.weight ?? 0
    if (left < 0) return index
  }
  // Rounding may leave a crumb of the last weight.
  return targets.length - 1
}
