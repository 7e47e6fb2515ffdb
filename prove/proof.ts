/** One JSON line of output. */
export type ProofVerdict = Tried | Skipped

export interface Tried {
  readonly kept: boolean
}

/** This machine lacks what the proof needs; says nothing about the promise. */
export interface Skipped {
  readonly promise: string
  /** What is missing, and how to get it. */
  readonly skipped: string
}

export type Progress = (line: string) => void

/** A promise, or a few of one subject, put to the proof at their stated counts and times. */
export interface Proof {
  /** What `--only` and `--from` take. */
  readonly name: string
  /** Gives each verdict as soon as it is known. */
  prove(progress: Progress): AsyncIterable<ProofVerdict>
}
