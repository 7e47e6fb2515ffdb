import { setFlagsFromString } from 'node:v8'

/**
 * Tells V8 what it cannot know: that nearly all that is allocated here belongs to a call and dies with it (figures in
 * bench/README.md). For the whole process, from now on.
 */
export function tuneGarbageCollection(): void {
  // V8 would make objects old at once that come from where many outlived a few collections, as all of a start's first
  // calls may do, and never think better of it. An old object that is dead keeps alive what it refers to, a whole call,
  // until the next full collection.
  setFlagsFromString('--no-allocation-site-pretenuring')
  // And it would collect everything anew once 8 MB have grown old: the few calls that lasted long, twice a second. It is
  // worth that when what is old has trebled.
  setFlagsFromString('--heap-growing-percent=200')
}
