import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 make every object among the young ones, which are the cheapest to collect.
 *
 * It would otherwise make those old at once that come from where many outlived a few collections, as all of a start's
 * first calls may do, and never think better of it. An old object that is dead keeps alive what it refers to, a whole
 * call, until the next full collection: three of eight processes copied dead calls for as long as they ran, for a fifth
 * of their time or more (bench/README.md).
 */
export function allocateYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
