import Type, { type Static } from 'typebox'
import { budgetModes } from '../budget-modes.ts'
import { budgetAlignments, budgetPeriods, weekdays } from '../budget-windows.ts'

/* What the parts of a configuration file are made of. */

export const closed = { additionalProperties: false } as const
export const Optional = Type.Optional
type Schema = Parameters<typeof Type.Union>[0][number]
export const Nullable = <T extends Schema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description })

export const Name = (description: string) => Type.String({ minLength: 1, maxLength: 128, description })
export const Switch = (description: string) => Type.Boolean({ description })
export const Names = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: 1_000, description })
export const Workspace = Optional(Name('The workspace it lives in; needed only where there are several.'))

/** A reference to a secret in the environment of whoever applies the file. */
export const SecretReference = (description: string) =>
  Type.String({ pattern: '^\\$[A-Za-z_][A-Za-z0-9_]{0,127}$', description })

export const Time = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$',
})

/** US dollars: a number, or decimal digits in quotes where a number would not be exact. */
export const Usd = (description: string) =>
  Type.Union(
    [
      Type.Number({ minimum: 0, exclusiveMaximum: 1_000_000_000 }),
      Type.String({ pattern: '^[0-9]{1,9}(\\.[0-9]{1,9})?$' }),
    ],
    {
      description,
    },
  )

/** What is left out is by the calendar in UTC, with weeks from Monday and years from January. */
const BudgetWindow = Type.Object(
  {
    alignment: Optional(
      Type.Enum(budgetAlignments, {
        description: 'Whether periods begin by the calendar or with the budget.',
      }),
    ),
    timeZone: Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'By whose clocks days and longer periods begin: Europe/Berlin.',
      }),
    ),
    weekStartsOn: Optional(Type.Enum(weekdays, { description: 'With which day a week begins.' })),
    fiscalYearStartsIn: Optional(
      Type.Integer({ minimum: 1, maximum: 12, description: 'With which month years and quarters begin.' }),
    ),
  },
  closed,
)

const Budget = Type.Object(
  {
    limitUsd: Usd('What may be spent in one period, in US dollars: 250.50.'),
    period: Type.Enum(budgetPeriods, {
      description: 'How long it lasts; NONE never resets.',
    }),
    window: Optional(BudgetWindow),
    mode: Optional(
      Type.Enum(budgetModes, {
        description:
          'Whether it sets aside the most that a call can cost, or what it will hardly exceed; STRICT unless said.',
      }),
    ),
  },
  closed,
)

export const RequestLimit = Type.Object(
  {
    maxRequests: Optional(
      Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'The most calls.' }),
    ),
    maxTokens: Optional(
      Type.Integer({
        ...{ minimum: 1, maximum: 2_147_483_647 },
        description: 'The most tokens, of input and output together.',
      }),
    ),
    windowSeconds: Type.Integer({ minimum: 1, maximum: 2_678_400, description: 'In any window this long.' }),
  },
  closed,
)

export const governed = {
  budgets: Optional(
    Type.Array(Budget, {
      maxItems: 9,
      description: 'The most that its calls may cost, one for each period.',
    }),
  ),
  requestLimits: Optional(
    Type.Array(RequestLimit, {
      maxItems: 8,
      description: 'How many calls it may make, and how many tokens they may use, one for each window.',
    }),
  ),
}

export type FileBudget = Static<typeof Budget>
export type FileBudgetWindow = Static<typeof BudgetWindow>
export type FileRequestLimit = Static<typeof RequestLimit>
