/**
 * Something on this machine keeps the command from doing its work. The message is one sentence for the person
 * at the terminal, with the way out; it is printed without a stack and the command exits with 1.
 */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}

/** Runs a reader of settings: what it does not accept is the operator's to mend, so its message is all they see. */
export function orRefuse<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new StartRefused(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
