/**
 * Something on this machine keeps the command from doing its work. The message is one sentence for the person
 * at the terminal, with the way out; it is printed without a stack and the command exits with 1.
 */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}
