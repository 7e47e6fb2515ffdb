import { RE2JS } from 're2js'

/*
 * Lists of models: exact names, `*` for every model, and patterns, `regex:gpt-4o(-mini)?`. A pattern has the syntax of
 * RE2, which has no backreferences and no lookaround: matching takes time linear in the model's name, whatever the
 * pattern. It matches the whole name, whatever its case. [X0-22]
 */

const patternPrefix = 'regex:'
export const longestPatternLength = 256
/** RE2 instructions. `(.{0,50}){0,18}` has 1857 and takes 90 ms for one name; `gpt-4o.*` has 10. */
const largestPatternProgram = 300
/** A longer name is no model's: no pattern allows it, every list of blocked models blocks it. */
const longestModelLength = 512

/** Why an entry of a list of models cannot be used. */
export class ModelPatternRefused extends TypeError {
  override readonly name = 'ModelPatternRefused'
}

export type MatchesModel = (model: string) => boolean

export function isModelPattern(entry: string): boolean {
  return entry.startsWith(patternPrefix)
}

/** @throws ModelPatternRefused that says what is wrong with the pattern. */
export function compileModelPattern(entry: string): MatchesModel {
  const source = entry.slice(patternPrefix.length)
  if (source === '') throw new ModelPatternRefused('the pattern is empty')
  if (source.length > longestPatternLength) {
    throw new ModelPatternRefused(`the pattern has more than ${longestPatternLength} characters`)
  }
  const pattern = parsePattern(source)
  if (pattern.programSize() > largestPatternProgram) {
    throw new ModelPatternRefused('the pattern is too large: use fewer or smaller repetitions')
  }
  return (model) => model.length <= longestModelLength && pattern.matches(model)
}

/**
 * Whether a list allows a model. An entry that cannot be compiled allows nothing.
 *
 * @param entries `[]` allows none, `["*"]` all. [X0-23]
 */
export function allowsModel(entries: readonly string[]): MatchesModel {
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
export function blocksModel(entries: readonly string[]): MatchesModel {
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

const matchesNothing: MatchesModel = () => false
const matchesEverything: MatchesModel = () => true

/** Patterns that keys share are compiled once; undefined for one that cannot be. */
const compiled = new Map<string, MatchesModel | undefined>()
const mostCompiled = 1_000

function knownPattern(entry: string): MatchesModel | undefined {
  if (compiled.has(entry)) return compiled.get(entry)
  if (compiled.size >= mostCompiled) compiled.clear()
  const pattern = tryPattern(entry)
  compiled.set(entry, pattern)
  return pattern
}

function tryPattern(entry: string): MatchesModel | undefined {
  try {
    return compileModelPattern(entry)
  } catch (error) {
    if (error instanceof ModelPatternRefused) return undefined
    throw error
  }
}

function parsePattern(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.CASE_INSENSITIVE)
  } catch (error) {
    // The library's messages quote the pattern with the flags that were put before it.
    const reason = error instanceof Error ? error.message.replace('(?i)', '') : String(error)
    throw new ModelPatternRefused(reason)
  }
}

function folded(model: string): string {
  return model.trim().toLowerCase()
}
