import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class ApiTokenEnded extends Refusal {
  constructor(id: string) {
    super('API_TOKEN_ENDED', `The API token "${id}" is revoked or has expired: issue a new one`)
  }
}

refusalType(ApiTokenEnded, 'A token that has ended gets no new secret.')
