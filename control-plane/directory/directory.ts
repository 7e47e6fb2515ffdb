import type { Claims } from '../sign-in/claims.ts'

/** Somebody in a directory, known by what the provider's ID tokens name them by. */
export interface DirectoryPerson {
  readonly subject: string
  /** False only where the directory says that the account may not be used. */
  readonly active: boolean
  readonly name: string | null
  /** Null where the directory has none, or did not verify it. */
  readonly email: string | null
  /** Single claims that rules ask for, under the names that ID tokens have for them. */
  readonly claims: Claims
}

/** One entry of a claim that is a list. */
export interface DirectoryValue {
  readonly subject: string
  readonly claim: string
  readonly value: string
}

/** One request that is still to be made, as JSON: whoever goes on after a crash begins with it. */
export interface Step {
  readonly of: string
  readonly [detail: string]: unknown
}

/** What one step brought. */
export interface DirectoryPage {
  readonly people?: readonly DirectoryPerson[]
  readonly values?: readonly DirectoryValue[]
  /** What follows from it, to be done next. */
  readonly steps?: readonly Step[]
  /** How many people the directory says that it has. */
  readonly expected?: number
}

/** A directory as one provider's kind serves it: read step by step, in order, until none is left. */
export interface Directory {
  /** The claims that reading it to its end tells completely: whoever has no value has an empty list. */
  readonly claims: readonly string[]
  readonly first: readonly Step[]
  /**
   * Asks for these people alone: where pages are counted from the first person on, somebody is on none when others leave while
   * they are read. Undefined where each page says what the next one is.
   */
  lookUp?(subjects: readonly string[]): Step
  /** As {@link lookUp}, for the values of people, where the pages of those are counted so. */
  lookUpValues?(subjects: readonly string[]): Step
  /** @throws DirectoryFailed */
  read(step: Step, signal: AbortSignal): Promise<DirectoryPage>
}

/** What an administrator has set up besides the provider itself. */
export interface DirectoryAccount {
  /** Where the directory's API is; null: as the provider's kind says. */
  readonly url: string | null
  /** The client that asks; null: the one that people sign in with. */
  readonly clientId: string | null
  /** Of Google: in whose name the service account asks. */
  readonly adminEmail: string | null
  /** Of Zitadel: the project whose roles count. */
  readonly projectId: string | null
  /** Groups whose names begin otherwise are left out. */
  readonly groupPrefix: string
}

export type DirectoryFailure = 'unavailable' | 'refused' | 'malformed' | 'elsewhere' | 'too_large'

/** The message is for administrators: it holds no secret, and nothing of what the directory answered but its status. */
export class DirectoryFailed extends Error {
  override readonly name = 'DirectoryFailed'
  readonly code: DirectoryFailure

  constructor(code: DirectoryFailure, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
