import { printJson, printLine, printNote } from '../terminal/output.ts'

interface Issued {
  readonly secret: string
  readonly virtualKey: { readonly id: string; readonly name: string }
}

/** The secret alone on stdout, so that a script can take it; the rest is for the person. */
export function printSecret({ secret, virtualKey }: Issued, { json }: { readonly json?: boolean }): void {
  if (json) printJson({ id: virtualKey.id, name: virtualKey.name, secret })
  else {
    printNote(`${virtualKey.id}: the secret is shown only here`)
    printLine(secret)
  }
}
