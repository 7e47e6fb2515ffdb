import {
  astFromValue,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
  print,
} from 'graphql'
import { permissionOf } from './permission-plugin.ts'

const preface = `# The GraphQL schema

Generated from the API itself by \`npm run generate\`; change the descriptions in the code. [api.md](api.md) shows the API at work.

\`!\` marks what is never null, or must be given. Every operation names the permission that it needs. A mutation answers with its result or
with a refusal that says why; ask for it with \`... on Refusal { code message }\`.`

const pages = `## Pages

Lists are Relay connections: a type \`…Connection\` has \`edges { cursor node }\`, \`pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\`
and \`totalCount\`. Ask for at most 100 with \`first\`, and for the next page with \`after\`: the \`endCursor\` of the page before. Connections are listed
below only where they tell more.`

const connectionFields: ReadonlySet<string> = new Set(['edges', 'pageInfo', 'totalCount'])

/** The whole API as one Markdown page: each operation and type with its description, linked to the types it uses. */
export function documentSchema(schema: GraphQLSchema): string {
  const roots = [
    { title: 'Queries', type: schema.getQueryType() },
    { title: 'Mutations', type: schema.getMutationType() },
    { title: 'Subscriptions', type: schema.getSubscriptionType() },
  ].flatMap(({ title, type }) => (type ? [{ title, type }] : []))
  const rootTypes = new Set<GraphQLNamedType>(roots.map(({ type }) => type))
  const types = Object.values(schema.getTypeMap()).filter(
    (type) =>
      !isIntrospectionType(type) && !isSpecifiedScalarType(type) && !rootTypes.has(type) && !isPage(type),
  )
  const kinds = [
    { title: 'Objects', types: types.filter(isObjectType) },
    { title: 'Interfaces', types: types.filter(isInterfaceType) },
    { title: 'Results', types: types.filter(isUnionType) },
    { title: 'Inputs', types: types.filter(isInputObjectType) },
    { title: 'Enums', types: types.filter(isEnumType) },
    { title: 'Scalars', types: types.filter(isScalarType) },
  ]
  const sections = [
    preface,
    contents([...roots.map(({ title }) => title), 'Pages', ...kinds.map(({ title }) => title)]),
    ...roots.map(({ title, type }) => documentOperations(title, type)),
    pages,
    ...kinds.map(({ title, types: members }) => [`## ${title}`, ...members.map(documentType)].join('\n\n')),
  ]
  return `${sections.join('\n\n')}\n`
}

function contents(titles: readonly string[]): string {
  return titles.map((title) => `[${title}](#${title.toLowerCase()})`).join(' · ')
}

function documentOperations(title: string, type: GraphQLObjectType): string {
  const fields = Object.values(type.getFields())
  const index = fields.map(({ name }) => `[${name}](#${anchorOf(`${type.name}.${name}`)})`).join(' · ')
  return [`## ${title}`, index, ...fields.map((field) => documentOperation(type, field))].join('\n\n')
}

function documentOperation(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>): string {
  const parts = [
    `### ${type.name}.${field.name}`,
    describe(field),
    `Answers ${link(field)}. Needs ${permissionText(field)}.`,
  ]
  if (field.args.length > 0) parts.push(table('Argument', field.args))
  return parts.join('\n\n')
}

function permissionText({ extensions }: GraphQLField<unknown, unknown>): string {
  const options: unknown = extensions.pothosOptions
  const permission = typeof options === 'object' && options !== null ? permissionOf(options) : undefined
  return permission === undefined || permission === 'authenticated' ? 'any valid token' : `\`${permission}\``
}

function documentType(type: GraphQLNamedType): string {
  const parts = [`### ${type.name}`]
  if (type.description) parts.push(lines(type.description))
  if (isObjectType(type) || isInterfaceType(type)) {
    const interfaces = type.getInterfaces().map(linkTo)
    if (interfaces.length > 0) parts.push(`Implements ${interfaces.join(', ')}.`)
    parts.push(table('Field', Object.values(type.getFields())))
  } else if (isInputObjectType(type)) {
    if (type.isOneOf) parts.push('Exactly one of the fields is given.')
    parts.push(table('Field', Object.values(type.getFields())))
  } else if (isUnionType(type)) {
    parts.push(`One of ${type.getTypes().map(linkTo).join(', ')}.`)
  } else if (isEnumType(type)) {
    const values = type.getValues().map((value) => `| \`${value.name}\` | ${cell(describe(value))} |`)
    parts.push(['| Value | Meaning |', '|---|---|', ...values].join('\n'))
  }
  return parts.join('\n\n')
}

type Member = GraphQLArgument | GraphQLInputField | GraphQLField<unknown, unknown>

function table(title: string, members: readonly Member[]): string {
  const rows = members.map((member) => `| \`${member.name}\` | ${link(member)} | ${cell(describe(member))} |`)
  return [`| ${title} | Type | Meaning |`, '|---|---|---|', ...rows].join('\n')
}

function describe({
  description,
  deprecationReason,
}: {
  readonly description?: string | null | undefined
  readonly deprecationReason?: string | null | undefined
}): string {
  const text = lines(description ?? '')
  return deprecationReason ? `**Deprecated: ${lines(deprecationReason)}** ${text}` : text
}

/** A type as it is written in a schema, its name a link to where it is described. */
function link(member: Member): string {
  const { type } = member
  const named = getNamedType(type)
  const [before = '', after = ''] = String(type).split(named.name)
  const linked = `${escapeBrackets(before)}${linkTo(named)}${escapeBrackets(after)}`
  const preset = 'defaultValue' in member ? astFromValue(member.defaultValue, member.type) : undefined
  return preset ? `${linked} = \`${print(preset)}\`` : linked
}

function linkTo(type: GraphQLNamedType): string {
  if (isSpecifiedScalarType(type)) return type.name
  return `[${type.name}](#${isPage(type) ? 'pages' : anchorOf(type.name)})`
}

/** Connections and edges that have nothing of their own share one description. */
function isPage(type: GraphQLNamedType): boolean {
  if (!isObjectType(type)) return false
  const fields = Object.keys(type.getFields())
  if (type.name.endsWith('Connection')) return fields.every((name) => connectionFields.has(name))
  return type.name.endsWith('Edge') && fields.every((name) => name === 'cursor' || name === 'node')
}

/** How GitHub makes an anchor of a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\w-]/g, '')
}

function escapeBrackets(text: string): string {
  return text.replace(/[[\]]/g, '\\$&')
}

function lines(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
