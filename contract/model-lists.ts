import { compilePattern, type Matches, PatternRefused } from './patterns.ts'

/*
 * Lists of models: exact names, `*` for every model, and patterns, `regex:gpt-4o(-mini)?`, which match the whole name,
 * whatever its case. [X0-22]
 */

const patternPrefix = 'regex:'
/** A longer name is no model's: no pattern allows it, every list of blocked models blocks it. */
const longestModelLength = 512

export function isModelPattern(entry: string): boolean {
  return entry.startsWith(patternPrefix)
}

/** @throws PatternRefused that says what is wrong with the pattern. */
export function compileModelPattern(entry: string): Matches {
  const source = entry.slice(patternPrefix.length)
  return compilePattern(source, { ignoreCase: true, longestText: longestModelLength })
}

/**
 * Whether a list allows a model. An entry that cannot be compiled allows nothing.
 *
 * @param entries `[]` allows none, `["*"]` all. [X0-23]
 */
export function allowsModel(entries: readonly string[]): Matches {
  if (entries.includes('*')) return () => true
  const names = new Set(entries.filter((entry) => !isModelPattern(entry)))
  const patterns = entries.filter(isModelPattern).map((entry) => knownPattern(entry) ?? matchesNothing)
  if (patterns.length === 0) return (model) => names.has(model)
  return (model) => names.has(model) || patterns.some((matches) => matches(model))
}

/**
 * Whether a list blocks a model. In doubt it does: names are compared without regard to case or to white space around
 * them, which some providers forgive, and an entry that cannot be compiled blocks everything.
 */
export function blocksModel(entries: readonly string[]): Matches {
  if (entries.length === 0) return matchesNothing
  if (entries.includes('*')) return matchesEverything
  const names = new Set(entries.filter((entry) => !isModelPattern(entry)).map(folded))
  const patterns = entries.filter(isModelPattern).map((entry) => knownPattern(entry) ?? matchesEverything)
  return (model) => {
    if (model.length > longestModelLength) return true
    const name = folded(model)
    return names.has(name) || patterns.some((matches) => matches(name))
  }
}

const matchesNothing: Matches = () => false
const matchesEverything: Matches = () => true

/** Patterns that keys share are compiled once; undefined for one that cannot be. */
const compiled = new Map<string, Matches | undefined>()
const mostCompiled = 1_000

function knownPattern(entry: string): Matches | undefined {
  if (compiled.has(entry)) return compiled.get(entry)
  if (compiled.size >= mostCompiled) compiled.clear()
  const pattern = tryPattern(entry)
  compiled.set(entry, pattern)
  return pattern
}

function tryPattern(entry: string): Matches | undefined {
  try {
    return compileModelPattern(entry)
  } catch (error) {
    if (error instanceof PatternRefused) return undefined
    throw error
  }
}

function folded(model: string): string {
  return model.trim().toLowerCase()
}
