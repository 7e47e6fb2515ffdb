/** What a command could not do, said for the person who gave it. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  /** 1: refused or failed; 2: what was given is wrong. */
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The wanted member of a mutation's result. @throws CommandFailed with the refusal's own words */
export function accepted<Result extends { __typename?: string }, Name extends Result['__typename']>(
  result: Result,
  typename: Name,
): Extract<Result, { __typename?: Name }> {
  if (result.__typename === typename) return result as Extract<Result, { __typename?: Name }>
  const message = 'message' in result ? String(result.message) : `unexpected answer ${result.__typename}`
  throw new CommandFailed(message)
}
