import { type FileProblem, mostProblems } from '../../contract/configuration-file/problems.ts'
import { Refusal } from '../graphql/errors.ts'

/** A file that cannot be applied; it says everything that is wrong with it. */
export class ConfigurationFileInvalid extends Refusal {
  readonly problems: readonly FileProblem[]

  constructor(problems: readonly FileProblem[]) {
    const [first] = problems
    const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
    super('CONFIGURATION_FILE_INVALID', `${first?.path || 'the file'}: ${first?.message ?? 'invalid'}${more}`)
    this.problems = problems.slice(0, mostProblems)
  }
}

/** Somebody else changed the configuration since it was looked at. */
export class ConfigurationMoved extends Refusal {
  constructor(expected: string, found: string) {
    super(
      'CONFIGURATION_MOVED',
      `The configuration is at revision ${found}, no longer at ${expected}: look at the differences again`,
    )
  }
}
