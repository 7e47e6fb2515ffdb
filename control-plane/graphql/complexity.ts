import type { Excess } from './errors.ts'

interface Cost {
  readonly complexity: number
  readonly depth: number
  readonly breadth: number
  readonly maxComplexity?: number | undefined
  readonly maxDepth?: number | undefined
  readonly maxBreadth?: number | undefined
}

/** By which measure an operation is beyond its limit, and what its author can do. */
export function excessOf(kind: string, cost: Cost): Excess {
  if (kind === 'Depth') {
    const wayOut = 'Ask for what lies deeper in an operation of its own'
    return { measure: 'depth', found: cost.depth, most: cost.maxDepth ?? 0, wayOut }
  }
  if (kind === 'Breadth') {
    const wayOut = 'Ask for fewer fields, or split the operation'
    return { measure: 'breadth', found: cost.breadth, most: cost.maxBreadth ?? 0, wayOut }
  }
  const wayOut = 'Use smaller pages (first: …), or split the operation'
  return { measure: 'complexity', found: cost.complexity, most: cost.maxComplexity ?? 0, wayOut }
}
