import { registerHooks } from 'node:module'

const sdk = 'gatehouse/plugin-sdk'
let isProvided = false

/**
 * Lets a plugin that has no package of ours around it, such as a single file of the operator's, import this data
 * plane's own SDK by its name. A plugin that brings its copy keeps it. Holds for the rest of the process, since a
 * plugin may load parts of itself later.
 */
export function provideSdk(): void {
  if (isProvided) return
  isProvided = true
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context)
      } catch (error) {
        if (specifier !== sdk || !isNotFound(error)) throw error
        return nextResolve(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
}

function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND'
}
