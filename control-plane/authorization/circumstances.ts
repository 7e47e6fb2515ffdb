/** What is known of a request besides who makes it. */
export interface RequestFacts {
  /** The address that it comes from, behind trusted proxies. */
  readonly address: string
  /** How its person signed in; null for an API token. */
  readonly session: SessionFacts | null
}

export interface SessionFacts {
  /** By what counts as MFA at their identity provider. */
  readonly isMfa: boolean
  /** `amr` */
  readonly authenticationMethods: readonly string[]
  /** `acr` */
  readonly authenticationClass: string | null
  /** When the person last proved who they are, in milliseconds since the epoch; null: nobody has said. */
  readonly authenticatedAt: number | null
}

/** Who asks, as policies see them. */
export interface PolicySubject {
  readonly kind: string
  readonly id: string
  /** The user that they stand for. */
  readonly userId: string | null
  /** See `Actor.personId`. */
  readonly personId: string
  readonly teamIds: readonly string[]
  /** Every role that they have in whatever way, and all that these inherit from. */
  readonly roleIds: ReadonlySet<string>
}

/** All that a policy may depend on, but for the thing that is acted on. */
export interface Circumstances {
  readonly subject: PolicySubject
  /** Undefined when a question is asked about somebody who makes no request. */
  readonly facts: RequestFacts | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The thing that is acted on, as far as whoever checks knows it. */
export interface ResourceFacts {
  readonly workspaceId: string | null
  readonly id?: string
  readonly userId?: string | null
  readonly teamId?: string | null
  readonly customerId?: string | null
}
