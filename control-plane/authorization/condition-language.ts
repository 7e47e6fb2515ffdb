import { parse } from '@bufbuild/cel'
import { RE2JS } from 're2js'
import { NetworkRefused, parseNetwork } from '../../contract/networks.ts'

/*
 * The part of the Common Expression Language that conditions are written in. What is not listed here is refused when a
 * condition is saved, so that one that was saved has a known cost and a known meaning.
 */

export const longestCondition = 1_024
const mostNodes = 100
/** Of a list that a request brings; what is beyond it is not looked at. */
export const longestList = 100

/** What conditions read, by what it belongs to. */
export const conditionFields = {
  request: ['ip'],
  session: ['signedIn', 'mfa', 'amr', 'acr', 'secondsSinceSignIn'],
  actor: ['kind', 'id', 'userId', 'teamIds', 'roleIds'],
  resource: ['id', 'workspaceId', 'ownerUserId', 'ownerTeamId', 'ownerCustomerId'],
} as const satisfies Record<string, readonly string[]>

export type Root = keyof typeof conditionFields

/** The variable that says whether a field is known, which `has` reads; no identifier of the language. */
export const presenceOf = (root: string, field: string) => `has ${root}.${field}`

const operators = ['_&&_', '_||_', '!_', '_?_:_', '_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_', '@in', '-_']
const functions = ['size', 'startsWith', 'endsWith', 'contains', 'matches', 'inNetwork']
const callable: ReadonlySet<string> = new Set([...operators, ...functions, '@not_strictly_false'])

export class ConditionRefused extends TypeError {
  override readonly name = 'ConditionRefused'
}

type ParsedCondition = ReturnType<typeof parse>
type Expr = NonNullable<ParsedCondition['expr']>

export interface CheckedCondition {
  readonly parsed: ParsedCondition
  /** The variables that it reads. */
  readonly reads: readonly string[]
  /** Whether it reads `resource`. */
  readonly usesResource: boolean
}

/** @throws ConditionRefused that says what is wrong and what there is. */
export function checkCondition(text: string): CheckedCondition {
  if (text.length > longestCondition) {
    throw new ConditionRefused(`must have at most ${longestCondition} characters, not ${text.length}`)
  }
  const parsed = parseText(text)
  const walk = new ConditionWalk()
  walk.visit(parsed.expr, [])
  return { parsed, reads: [...walk.reads], usesResource: walk.roots.has('resource') }
}

function parseText(text: string): ParsedCondition {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof RangeError) throw new ConditionRefused('is nested too deeply')
    const [place] = /:\d+:\d+/.exec(error instanceof Error ? error.message : '') ?? []
    const [, line, column] = place?.split(':') ?? []
    const where = column === undefined ? '' : ` at line ${line}, column ${column}`
    throw new ConditionRefused(`is no expression of the Common Expression Language${where}`)
  }
}

/** Looks at every node of a condition once. */
class ConditionWalk {
  readonly roots = new Set<Root>()
  readonly reads = new Set<string>()
  #nodes = 0

  visit(expr: Expr | undefined, variables: readonly string[]): void {
    if (expr === undefined) return
    if (++this.#nodes > mostNodes) throw new ConditionRefused(`is too long: more than ${mostNodes} parts`)
    const { exprKind } = expr
    switch (exprKind.case) {
      case 'constExpr':
        return
      case 'identExpr':
        this.#identifier(exprKind.value.name, variables)
        return
      case 'selectExpr':
        this.#selection(exprKind.value)
        if (exprKind.value.testOnly) this.#presence(expr, exprKind.value)
        return
      case 'callExpr': {
        const { function: name, target, args } = exprKind.value
        if (!callable.has(name)) throw new ConditionRefused(`uses ${wordFor(name)}: there are ${offered}`)
        checkLiteral(name, args.at(-1))
        this.visit(target, variables)
        for (const arg of args) this.visit(arg, variables)
        return
      }
      case 'listExpr':
        for (const element of exprKind.value.elements) this.visit(element, variables)
        return
      case 'comprehensionExpr': {
        if (variables.length > 0) throw new ConditionRefused('has a loop within a loop: use one')
        const { iterVar, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value
        this.visit(iterRange, variables)
        const inner = [iterVar, accuVar]
        for (const part of [accuInit, loopCondition, loopStep, result]) this.visit(part, inner)
        return
      }
      default:
        throw new ConditionRefused(`builds a value: there are ${offered}`)
    }
  }

  #identifier(name: string, variables: readonly string[]): void {
    if (variables.includes(name)) return
    const fields = conditionFields[name as Root]
    if (Object.hasOwn(conditionFields, name)) {
      throw new ConditionRefused(`needs a field behind "${name}": ${listed(fields)}`)
    }
    throw new ConditionRefused(`reads "${name}": there are ${listed(Object.keys(conditionFields))}`)
  }

  #selection({ operand, field }: Selection): void {
    const root = operand?.exprKind.case === 'identExpr' ? operand.exprKind.value.name : ''
    if (!Object.hasOwn(conditionFields, root)) {
      throw new ConditionRefused(`reads ".${field}" of something that has no fields`)
    }
    const fields: readonly string[] = conditionFields[root as Root]
    if (!fields.includes(field)) {
      throw new ConditionRefused(`reads "${root}.${field}": "${root}" has ${listed(fields)}`)
    }
    this.roots.add(root as Root)
    this.reads.add(`${root}.${field}`)
  }

  /** Fields are variables, which have no parts that "has" could look for. */
  #presence(expr: Expr, { operand, field }: Selection): void {
    if (operand?.exprKind.case !== 'identExpr') return
    const { value: identifier } = operand.exprKind
    identifier.name = presenceOf(identifier.name, field)
    this.reads.add(identifier.name)
    expr.exprKind = operand.exprKind
  }
}

interface Selection {
  readonly operand?: Expr | undefined
  readonly field: string
}

/** What is compiled once has to be written out, and right. */
function checkLiteral(name: string, argument: Expr | undefined): void {
  if (name !== 'inNetwork' && name !== 'matches') return
  const kind = argument?.exprKind
  const constant = kind?.case === 'constExpr' ? kind.value.constantKind : undefined
  if (constant?.case !== 'stringValue') throw new ConditionRefused(`needs a text in quotes in "${name}"`)
  try {
    if (name === 'inNetwork') parseNetwork(constant.value)
    else RE2JS.compile(constant.value)
  } catch (error) {
    if (error instanceof NetworkRefused) throw new ConditionRefused(`names a network that ${error.message}`)
    throw new ConditionRefused('has a pattern in "matches" that is no regular expression of RE2')
  }
}

const listed = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ')
const offered = `&&, ||, !, ?:, ==, !=, <, <=, >, >=, in, exists, all, has and ${functions.join(', ')}`
const wordFor = (name: string) => `"${name.replaceAll('_', '').slice(0, 64)}"`
