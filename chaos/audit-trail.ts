import type { Api } from '../test/acceptance/keys.ts'
import type { RecordedCall } from './witness.ts'

interface Page {
  readonly auditEvents: {
    readonly edges: readonly {
      readonly node: {
        readonly outcome: string
        readonly subject: { readonly kind: string }
        readonly details: { readonly requestId?: string }
      }
    }[]
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  }
}

const query = `query ($after: String) {
  auditEvents(first: 100, after: $after) {
    edges { node { outcome subject { kind } details } }
    pageInfo { hasNextPage endCursor }
  }
}`

/** Every inference call that `auditEvents` shows. */
export async function readAuditTrail({ graphql }: Api): Promise<RecordedCall[]> {
  const calls: RecordedCall[] = []
  for (let after: string | null = null; ; ) {
    const { auditEvents }: Page = await graphql<Page>(query, { after })
    for (const { node } of auditEvents.edges) {
      if (node.subject.kind !== 'inference') continue
      calls.push({ requestId: node.details.requestId ?? '', outcome: node.outcome })
    }
    if (!auditEvents.pageInfo.hasNextPage) return calls
    after = auditEvents.pageInfo.endCursor
  }
}
