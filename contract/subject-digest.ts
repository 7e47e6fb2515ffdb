import { createHash } from 'node:crypto'

/** Stands for somebody's name at an issuer, which may be an e-mail address and should be readable nowhere; JSON keeps the parts apart. */
export function subjectDigest(issuerId: string, subject: string): string {
  return createHash('sha256')
    .update(JSON.stringify([issuerId, subject]))
    .digest('hex')
}
