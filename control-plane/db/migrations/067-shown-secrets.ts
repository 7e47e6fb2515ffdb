import type { SchemaMigration } from '../migration.ts'

/** Who was shown the secret of an API token: whoever issued or rotated it, be it for somebody else. */
export const shownSecrets: SchemaMigration = {
  name: '067-shown-secrets',
  statements: () => [
    'alter table api_tokens add column shown_to text, add column former_shown_to text',
    // The best that is known of tokens from before.
    'update api_tokens set shown_to = person_id, former_shown_to = former_person_id',
    'alter table client_configuration_changes add column requester_shown_to text',
  ],
}
