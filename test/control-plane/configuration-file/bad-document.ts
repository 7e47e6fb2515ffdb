import { type FileProblem, findFormProblems } from '../../../contract/configuration-file/problems.ts'
import { ConfigurationFileInvalid } from '../../../control-plane/configuration-file/errors.ts'
import type { Tenant, TestApi } from '../api.ts'
import { type BadValue, badValuesOf, RawJson } from '../graphql/bad-values.ts'
import { type DocumentPosition, documentPositions } from './document-positions.ts'
import { wholeFile, wholeFileSecrets } from './whole-file.ts'

/** Whether the entry that has the bad value would be made, or changed. */
export type Purpose = 'new' | 'present'

/** A document that is right in all but one place. */
export interface BadDocument {
  readonly purpose: Purpose
  readonly position: DocumentPosition
  readonly bad: BadValue
}

export interface DocumentOutcome {
  readonly document: BadDocument
  readonly status: number
  /** Of the refusal, or of the first error; undefined when it was applied. */
  readonly code: string | undefined
  readonly message: string
  readonly problems: readonly FileProblem[]
}

/** A member that is not there. */
export const missing = 'nothing at all'

/** `new /virtualKeys/0/name: a NUL`. */
export function titleOf({ purpose, position, bad }: BadDocument): string {
  return `${purpose} ${position.path}: ${bad.name}`
}

export const sections = [...new Set(documentPositions(wholeFile).map(({ path }) => sectionOf(path)))]

/** All bad documents of one section of a file. */
export function badDocumentsOf(section: string): BadDocument[] {
  const positions = documentPositions(wholeFile).filter(({ path }) => sectionOf(path) === section)
  return positions.flatMap((position) => {
    const absence = position.isNeeded ? [{ name: missing, value: undefined }] : []
    const isOfEntry = position.path.split('/').length > 3 && Array.isArray(sectionsOfFile[section])
    const purposes: readonly Purpose[] = isOfEntry ? ['new', 'present'] : ['present']
    return purposes.flatMap((purpose, at) => {
      // What its type refuses is refused whether the entry is there or not.
      const values = [...badValuesOf(position, position.sample, {}, at === 0), ...absence]
      return values.map((bad) => ({ purpose, position, bad }))
    })
  })
}

const sectionsOfFile: Readonly<Record<string, unknown>> = wholeFile

function sectionOf(path: string): string {
  return path.split('/')[1] ?? ''
}

/** How its form alone has it refused, before anything else is done; undefined when that is good, or it is no JSON. */
export function refusedForm(document: BadDocument): DocumentOutcome | undefined {
  const { purpose, position, bad } = document
  if (bad.value instanceof RawJson) return undefined
  const file: unknown = JSON.parse(JSON.stringify(documentWith(purpose, position.path, bad.value)))
  const problems = findFormProblems(file)
  if (problems.length === 0) return undefined
  const { code, message } = new ConfigurationFileInvalid(problems)
  return { document, status: 200, code, message, problems }
}

export async function sendDocument(
  { controlPlane: { url } }: TestApi,
  { token }: Tenant,
  document: BadDocument,
  { dryRun }: { readonly dryRun: boolean },
): Promise<DocumentOutcome> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: bodyOf(document, dryRun),
  })
  return { document, status: response.status, ...outcomeOf(await response.text()) }
}

export const applyMutation = `mutation($input: ApplyConfigurationInput!) { applyConfiguration(input: $input) {
  ... on Refusal { code message } ... on ConfigurationFileInvalid { problems { path message } } } }`

function bodyOf({ purpose, position, bad }: BadDocument, dryRun: boolean): string {
  const document = documentWith(purpose, position.path, bad.value)
  const secrets = [...wholeFileSecrets, { name: 'FRESH_SECRET', value: 'a-secret-of-a-fresh-key' }]
  const body = JSON.stringify({ query: applyMutation, variables: { input: { document, secrets, dryRun } } })
  if (!(bad.value instanceof RawJson)) return body
  const { text } = bad.value
  return body.replace(JSON.stringify(bad.value), () => text)
}

/** The entry of the position alone, everything around it being there already. */
function documentWith(purpose: Purpose, path: string, value: unknown): object {
  const [, section = '', index, ...rest] = path.split('/')
  const whole = sectionsOfFile[section]
  if (index === undefined) return { version: 1, [section]: value }
  if (!Array.isArray(whole)) {
    return { version: 1, [section]: replaced(whole, [index, ...rest], value) }
  }
  const entry = whole[Number(index)] as Readonly<Record<string, unknown>>
  const renamed = purpose === 'new' ? fresh(entry) : entry
  return { version: 1, [section]: [replaced(renamed, rest, value)] }
}

/** Of something that is not there yet. */
function fresh(entry: Readonly<Record<string, unknown>>): object {
  return {
    ...entry,
    ...('name' in entry && { name: 'fresh' }),
    ...('user' in entry && { user: 'Build service' }),
    ...('email' in entry && { email: 'fresh@example.com' }),
    ...('secret' in entry && { secret: '$FRESH_SECRET' }),
  }
}

function replaced(whole: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value
  if (Array.isArray(whole))
    return whole.map((one, at) => (String(at) === step ? replaced(one, rest, value) : one))
  const members = whole as Readonly<Record<string, unknown>>
  return { ...members, [step]: replaced(members[step], rest, value) }
}

interface Answer {
  readonly data?: {
    readonly applyConfiguration?: {
      readonly code?: string
      readonly message?: string
      readonly problems?: readonly FileProblem[]
    } | null
  } | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

function outcomeOf(text: string): Pick<DocumentOutcome, 'code' | 'message' | 'problems'> {
  const { data, errors } = JSON.parse(text) as Answer
  const [error] = errors ?? []
  if (error) return { code: error.extensions?.code ?? 'none', message: error.message, problems: [] }
  const { code, message = '', problems = [] } = data?.applyConfiguration ?? {}
  return { code, message, problems }
}

/** Where the position is in the document that was sent, which has one entry of its list. */
function sentPath(path: string): string {
  const [, section = '', index, ...rest] = path.split('/')
  if (index === undefined || !Array.isArray(sectionsOfFile[section])) return path
  return ['', section, '0', ...rest].join('/')
}

const statuses: ReadonlySet<number> = new Set([200, 400, 413])
const longestMessage = 500
const mostProblems = 200

/** What is wrong with how a document was refused; undefined when it was refused well. */
export function problemOf({
  document,
  status,
  code,
  message,
  problems,
}: DocumentOutcome): string | undefined {
  const told = problems.slice(0, 3).map((one) => `${one.path}: ${one.message.slice(0, 200)}`)
  const problem = (what: string) =>
    `${titleOf(document)}: ${what}: ${status} ${code} ${message.slice(0, 200)} | ${told.join(' | ')}`
  if (code === undefined) return problem('was applied')
  if (code === 'INTERNAL_SERVER_ERROR' || !statuses.has(status)) return problem('was not refused but broke')
  const texts = [message, ...problems.map((one) => one.message)]
  if (texts.some((text) => text.length > longestMessage)) return problem('repeats what it refuses')
  if (problems.length > mostProblems) return problem('tells more than anybody reads')
  if (/^(BAD_REQUEST|REQUEST_ENTITY_TOO_LARGE)$/.test(code)) return undefined
  const path = sentPath(document.position.path)
  if (code === 'BAD_USER_INPUT') {
    return message.includes(`document${path}`) ? undefined : problem('does not name the place')
  }
  const isThere = problems.some((one) => isAt(one, path) || isAbove(one, document, path))
  return isThere ? undefined : problem('does not name the place')
}

/** At the place or within it; of an element, at its list. */
function isAt(problem: FileProblem, path: string): boolean {
  return `${problem.path}/`.startsWith(`${path}/`) || problem.path === listOf(path)
}

/** At what it is part of, in words that name it or what it says. */
function isAbove(problem: FileProblem, { position, bad }: BadDocument, path: string): boolean {
  const above = listOf(path).slice(0, listOf(path).lastIndexOf('/'))
  const says = problem.message.includes(position.field) || problem.message.includes(JSON.stringify(bad.value))
  return problem.path === above && says
}

/** The list that an element is of. */
function listOf(path: string): string {
  return path.replace(/(\/\d+)+$/, '')
}
