import type { ApplyState } from './apply-state.ts'

/** Calls `onRestored` when a configuration of a later epoch replaces one that ran: the database was restored from a backup. */
export function watchForRestores(state: ApplyState, onRestored: () => void): void {
  let epoch = state.current.applied?.epoch
  state.onChange(({ applied }) => {
    if (!applied) return
    if (epoch !== undefined && applied.epoch > epoch) onRestored()
    epoch = applied.epoch
  })
}
