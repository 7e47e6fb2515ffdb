import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { compareVersions } from '../../contract/configuration/documents.ts'
import { ConfigurationRefused } from './refusal.ts'
import { openTrusted, type Trust } from './verify.ts'

/** Which version a head states, and when: readable in heads of every format. */
const HeadStatement = Type.Object({
  organizationId: Type.String(),
  epoch: Type.Integer(),
  revision: Type.Integer(),
  issuedAt: Type.Integer(),
})
const validator = Compile(HeadStatement)

export type HeadStatement = Static<typeof HeadStatement>

/** What an authentic head states; nothing when it is forged, or of another organization. */
export function statementOf(envelope: string, trust: Trust): HeadStatement | undefined {
  try {
    const document: unknown = JSON.parse(openTrusted('gatehouse/config-head', envelope, trust))
    return validator.Check(document) && document.organizationId === trust.organizationId
      ? document
      : undefined
  } catch (error) {
    if (error instanceof ConfigurationRefused || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether the one says more than the other: a later version, or the same one again later. */
export function isNews(statement: HeadStatement, before: HeadStatement | undefined): boolean {
  if (!before) return true
  return (compareVersions(statement, before) || statement.issuedAt - before.issuedAt) > 0
}
