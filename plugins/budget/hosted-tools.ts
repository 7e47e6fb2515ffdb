import type { Operation } from 'gatehouse/plugin-sdk'
import { isObject, isSet, type Members } from './members.ts'

/** What the tools that the provider runs itself can add to a call. */
export interface HostedTools {
  /** The member that asks for the first. */
  readonly field: string
  /** How often they are used at most; 1 where nobody can say. */
  readonly uses: number
  /** What a use adds to the input at most. */
  readonly inputTokensPerUse: number
  /** Why neither can be said, and of which member; null: both can. */
  readonly unbounded: { readonly field: string; readonly why: string } | null
}

/** "Web search is limited to a context window size of 128,000." */
const searchTokens = 128_000
/** A chunk of a file that is searched has as many tokens at most, … */
const chunkTokens = 4_096
/** … and a search finds as many at most. */
const mostChunks = 50

/** More in one call cannot be meant, and the bound would be beyond all reason. */
const mostUses = 50

const ownTools: ReadonlySet<unknown> = new Set(['function', 'custom'])

/** Null: the body asks for none. */
export function readHostedTools(operation: Operation, document: Members): HostedTools | null {
  const search = 'web_search_options'
  if (isSet(document[search])) return unboundedTools(search, search, 'asks for a search of unknown length')
  const tools = Array.isArray(document.tools) ? document.tools : []
  const hosted = tools.flatMap((tool: unknown, index) =>
    isObject(tool) && ownTools.has(tool.type) ? [] : [{ field: `tools[${index}]`, tool }],
  )
  const [first] = hosted
  if (!first) return null
  const cap = operation === 'responses' ? document.max_tool_calls : undefined
  if (!isCount(cap) || cap > mostUses) return unboundedTools(first.field, first.field, withoutCap(operation))
  const endless = hosted.find(({ tool }) => mostTokens(tool) === null)
  if (endless) {
    const why = `${nameOf(endless.tool)} that reads as much as it likes`
    return unboundedTools(first.field, endless.field, why)
  }
  const inputTokensPerUse = Math.max(...hosted.map(({ tool }) => mostTokens(tool) ?? 0))
  return { field: first.field, uses: cap, inputTokensPerUse, unbounded: null }
}

function unboundedTools(field: string, endless: string, why: string): HostedTools {
  return { field, uses: 1, inputTokensPerUse: 0, unbounded: { field: endless, why } }
}

function withoutCap(operation: Operation): string {
  const why = 'is a tool that the provider runs as often as it likes'
  return operation === 'responses' ? `${why}: set max_tool_calls, to ${mostUses} at most` : why
}

/** What a use puts into the context at most; null: nobody says. */
function mostTokens(tool: unknown): number | null {
  if (!isObject(tool) || typeof tool.type !== 'string') return null
  if (/^web_search(?:_preview)?(?:_\d{4}_\d{2}_\d{2})?$/.test(tool.type)) return searchTokens
  if (tool.type !== 'file_search') return null
  const { max_num_results: results } = tool
  return chunkTokens * (isCount(results) ? Math.min(results, mostChunks) : mostChunks)
}

function nameOf(tool: unknown): string {
  return isObject(tool) && typeof tool.type === 'string' ? `is a tool (${tool.type})` : 'is a tool'
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
