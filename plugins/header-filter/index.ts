import { hash } from 'node:crypto'
import { slot, Type } from 'gatehouse/plugin-sdk'
import { defineBuiltin, type HeaderFilter, type HeaderTrail } from 'gatehouse/plugin-sdk/builtin'
import { type CompiledLists, compileLists } from './lists.ts'
import { type SelectedHeaders, selectHeaders } from './select-headers.ts'

const selection = slot<ReadonlyMap<string, string>>('header-filter.forwarded')

/**
 * Lets through to the provider only the headers that the lists admit, and leaves a trail of what went and what did
 * not. The request to the provider is made from scratch: what is not chosen here does not exist there.
 */
export default defineBuiltin({
  name: 'header-filter',
  config: Type.Object({}, { additionalProperties: false }),

  setup() {
    const compiled = new WeakMap<HeaderFilter, CompiledLists>()
    const listsOf = (filter: HeaderFilter): CompiledLists => {
      const known = compiled.get(filter)
      if (known) return known
      const lists = compileLists(filter)
      compiled.set(filter, lists)
      return lists
    }

    return {
      onCall(call) {
        const selected = selectHeaders(call.rawHeaders, listsOf(call.configuration.headerFilter))
        if (selected.forwarded.size > 0) call.set(selection, selected.forwarded)
        call.headerTrail = trailOf(selected)
      },

      onUpstream(call, request) {
        const forwarded = call.get(selection)
        if (!forwarded) return
        for (const [name, value] of forwarded) request.headers[name] = value
      },
    }
  },
})

const emptyTrail: HeaderTrail = Object.freeze({ forwarded: [], dropped: [] })

function trailOf({ forwarded, dropped }: SelectedHeaders): HeaderTrail {
  if (forwarded.size === 0 && dropped.size === 0) return emptyTrail
  return {
    forwarded: [...forwarded].map(([name, value]) => ({
      name,
      sha256: hash('sha256', Buffer.from(value, 'latin1')),
    })),
    dropped: [...dropped],
  }
}
