import { BadUserInput } from '../../graphql/errors.ts'
import { checkText } from '../../input.ts'

const maximumLength = 64

/**
 * The part before the slash in `provider/model`.
 *
 * @throws BadUserInput
 */
export function checkProviderName(field: string, name: string): string {
  checkText(field, name, { maximumLength })
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(name)) {
    throw new BadUserInput(
      field,
      'must begin with a letter or digit and hold only a-z, 0-9, "-" and "_", such as "openai-eu"',
    )
  }
  return name
}
