import { findDisagreement } from '../test/simulation/authorization-worlds.ts'
import type { Progress, Tried } from './proof.ts'

export interface AuthorizationVerdict extends Tried {
  readonly promise: string
  readonly worlds: number
  readonly decisions: number
  /** Repeats them. */
  readonly seed: number
}

const progressEvery = 2_000

/** Decides requests of so many worlds of roles and access policies here and by Cedar; a disagreement is shrunk and told. */
export function proveAuthorization(
  { worlds, seed }: { readonly worlds: number; readonly seed: number },
  progress: Progress,
): AuthorizationVerdict {
  progress(`roles and access policies with seed ${seed}`)
  let decisions = 0
  const disagreement = findDisagreement({
    ...{ seed, worlds },
    onWorld: (world, { allowed, denied }) => {
      decisions = allowed + denied
      if (world % progressEvery === 0) progress(`${world} worlds, ${allowed} allowed, ${denied} denied`)
    },
  })
  if (disagreement !== undefined) progress(disagreement)
  return {
    promise: 'what roles and access policies decide is what Cedar decides',
    ...{ worlds, decisions, seed },
    kept: disagreement === undefined,
  }
}
