import { describe, expect, it } from 'vitest'
import {
  parseCredentials,
  parseDelta,
  parseHead,
  parseSnapshot,
} from '../../contract/configuration/documents.ts'
import { checkEnrolmentRequest, formatEnrolmentToken, parseEnrolmentToken } from '../../contract/enrolment.ts'
import { parseLeaseReply, parseLeaseRequest } from '../../contract/leases.ts'
import { ContractViolation } from '../../contract/validation.ts'

const hash = '0'.repeat(64)
const head = {
  format: 1,
  organizationId: 'org_1',
  epoch: 1,
  revision: 1,
  hash,
  issuedAt: 0,
  revoked: [],
}
const { issuedAt: _, revoked: __, ...version } = head
const ask = { budgetId: 'bud_1', wantedNanoUsd: 2, neededNanoUsd: 1 }
const request = { format: 1, id: 'req_1', organizationId: 'org_1', dataPlaneId: 'dp_1', asks: [ask] }

/** Document, its parser, a good one, and bad ones with the place that the refusal must name. */
const documents: readonly {
  readonly name: string
  readonly parse: (json: string) => unknown
  readonly good: object
  readonly bad: readonly (readonly [place: string, document: object])[]
}[] = [
  {
    name: 'head',
    parse: parseHead,
    good: head,
    bad: [
      ['/revision', { ...head, revision: 0 }],
      ['/hash', { ...head, hash: 'A'.repeat(64) }],
      ['/format', { ...head, format: 2 }],
      ['/revoked/0', { ...head, revoked: [1] }],
    ],
  },
  {
    name: 'snapshot',
    parse: parseSnapshot,
    good: { ...version, entities: [{ kind: 'organization', id: 'org_1', name: 'Acme' }] },
    bad: [
      ['/entities', { ...version, entities: {} }],
      ['/entities/0', { ...version, entities: [{ kind: 'organization' }] }],
      ['/entities/0/advisory', { ...version, entities: [{ kind: 'hint', id: 'x', advisory: false }] }],
    ],
  },
  {
    name: 'delta',
    parse: parseDelta,
    good: { ...version, upserts: [], removals: ['user/usr_1'] },
    bad: [['/removals/0', { ...version, upserts: [], removals: ['usr_1'] }]],
  },
  {
    name: 'credentials',
    parse: parseCredentials,
    good: {
      format: 1,
      organizationId: 'org_1',
      dataPlaneId: 'dp_1',
      epoch: 1,
      revision: 1,
      pepper: 'AA==',
      secrets: { cred_1: 's' },
    },
    bad: [
      [
        '/secrets/cred_1',
        {
          format: 1,
          organizationId: 'org_1',
          dataPlaneId: 'dp_1',
          epoch: 1,
          revision: 1,
          pepper: 'AA==',
          secrets: { cred_1: 1 },
        },
      ],
    ],
  },
  {
    name: 'lease request',
    parse: parseLeaseRequest,
    good: request,
    bad: [
      ['/asks', { ...request, asks: [] }],
      ['/asks/0/wantedNanoUsd', { ...request, asks: [{ ...ask, wantedNanoUsd: 0.5 }] }],
    ],
  },
  {
    name: 'lease reply',
    parse: parseLeaseReply,
    good: { format: 1, requestId: 'req_1', dataPlaneId: 'dp_1', grants: [] },
    bad: [['/requestId', { format: 1, requestId: '', dataPlaneId: 'dp_1', grants: [] }]],
  },
]

describe.each(documents)('$name', ({ name, parse, good, bad }) => {
  it('is read', () => {
    expect(parse(JSON.stringify(good))).toEqual(good)
  })

  it.each(bad)('is refused at %s', (place, document) => {
    expect(() => parse(JSON.stringify(document))).toThrow(ContractViolation)
    expect(() => parse(JSON.stringify(document))).toThrow(`${name} rejected at ${place}`)
  })

  it('is refused with a member that nobody knows, whose name is told', () => {
    expect(() => parse(JSON.stringify({ ...good, surprise: 1 }))).toThrow(/surprise/)
  })

  it('is refused when it is no JSON or of another kind', () => {
    expect(() => parse('{')).toThrow(`${name} rejected: invalid JSON`)
    expect(() => parse('[]')).toThrow(`${name} rejected at /`)
  })
})

describe('enrolment', () => {
  it('names the member at fault', () => {
    expect(() =>
      checkEnrolmentRequest({ token: 't', name: '', version: '1', signingKey: {}, sealingKey: {} }),
    ).toThrow('enrolment request rejected at /name')
  })

  it('reads the tokens that it writes, and nothing else', () => {
    const token = { organizationId: 'org_1', secret: 's', thumbprint: 't' }
    expect(parseEnrolmentToken(formatEnrolmentToken(token))).toEqual(token)
    for (const text of ['', 'ghe.org.s', 'ghe.org.s.t.more', 'ghat.org.s.t', 'ghe..s.t']) {
      expect(parseEnrolmentToken(text)).toBeUndefined()
    }
  })
})
