import { builder } from '../../graphql/builder.ts'
import { DataPlaneType } from './graphql.ts'
import { type RecordGap, type RecordGapKind, readRecordGaps, shownGaps } from './record-gaps.ts'

const RecordGapKindType = builder.enumType('RecordGapKind', {
  description: 'Why something is in no record.',
  values: {
    EVENTS_LOST: {
      description:
        'Batches of events never came, and the data plane has none of them left: `fromSequence` to `toSequence` of `incarnation`.',
    },
    CALLS_UNRECORDED: {
      description:
        'Its journal had no room: `served` and `refused` calls from `from` to `until` have no other record than this.',
    },
    JOURNAL_DAMAGED: {
      description:
        'Its disk gave back something else than was written: `lines` of its journal cannot be read.',
    },
  } as const satisfies Record<Uppercase<RecordGapKind>, object>,
})

const kinds = {
  events_lost: 'EVENTS_LOST',
  calls_unrecorded: 'CALLS_UNRECORDED',
  journal_damaged: 'JOURNAL_DAMAGED',
} as const satisfies Record<RecordGapKind, string>

const RecordGapType = builder.objectRef<RecordGap>('RecordGap').implement({
  description: 'Something that is known to be missing from usage and audit. Each is an audit event too.',
  fields: (t) => ({
    kind: t.field({
      type: RecordGapKindType,
      description: 'Why it is missing.',
      resolve: ({ kind }) => kinds[kind],
    }),
    noticedAt: t.expose('noticedAt', { type: 'DateTime', description: 'When the control plane noticed.' }),
    from: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it began, by the data plane’s clock; null when that is not known.',
      resolve: ({ details: { from } }) => (from === undefined ? null : new Date(from)),
    }),
    until: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it ended, by the data plane’s clock; only of CALLS_UNRECORDED.',
      resolve: ({ details: { until } }) => (until === undefined ? null : new Date(until)),
    }),
    served: t.int({
      nullable: true,
      description: 'Calls that were served without a record; only of CALLS_UNRECORDED.',
      resolve: ({ details }) => details.served ?? null,
    }),
    refused: t.int({
      nullable: true,
      description: 'Calls that were refused without a record; only of CALLS_UNRECORDED.',
      resolve: ({ details }) => details.refused ?? null,
    }),
    lines: t.int({
      nullable: true,
      description: 'Records that cannot be read; only of JOURNAL_DAMAGED.',
      resolve: ({ details }) => details.lines ?? null,
    }),
    incarnation: t.string({
      nullable: true,
      description: 'The run of the data plane’s process that sent the batches; only of EVENTS_LOST.',
      resolve: ({ details }) => details.incarnation ?? null,
    }),
    fromSequence: t.int({
      nullable: true,
      description: 'The first batch that is missing; only of EVENTS_LOST.',
      resolve: ({ details }) => details.fromSequence ?? null,
    }),
    toSequence: t.int({
      nullable: true,
      description: 'The last batch that is missing; only of EVENTS_LOST.',
      resolve: ({ details }) => details.toSequence ?? null,
    }),
  }),
})

builder.objectFields(DataPlaneType, (t) => ({
  recordGaps: t.loadableGroup({
    type: RecordGapType,
    description: `What is known to be missing from its record: the ${shownGaps} gaps that were noticed last, newest first. Empty when nothing is.`,
    load: (ids: string[], { services, actor }) => readRecordGaps(services, actor, ids),
    group: ({ dataPlaneId }) => dataPlaneId,
    resolve: ({ id }) => id,
  }),
}))
