import { allPermissions, type SystemRole, systemRoles } from '../../../contract/permissions.ts'
import { type Asker, askers, customRole, type Matrix, type Row } from './permission-matrix.ts'

const headings: Readonly<Record<Asker, string>> = {
  admin: 'admin',
  developer: 'developer',
  viewer: 'viewer',
  custom: 'a custom role',
  there: 'admin of one workspace, there',
  elsewhere: '…, in another workspace',
  stranger: 'another organization',
  nobody: 'nobody',
}

const introduction = `# Who may do what

Measured, not written: \`test/control-plane/graphql/permission-matrix.test.ts\` asks every field of the API for real things in a real
database, as each of the columns, and fails when an answer is not the one below. \`npm run permissions\` renews this file; a change of it
is a change of who may do what, and is reviewed as one.

The columns are API tokens of the three system roles for the whole organization; a token of a role of one's own that inherits from
${customRole.inherits} and names \`${customRole.permissions.join('`, `')}\`; an admin's token confined to one workspace, asking for
things there and for things of another workspace; an admin's token of another organization, asking for things of this one; and a request
without a token.

| word | meaning |
|---|---|
| yes | done, or refused for a reason that is not about rights |
| own | done, but only with what is the asker's own: nothing of the things in question shows |
| hidden | answered as if there were no such thing |
| no | \`FORBIDDEN\` |
| sign in | \`UNAUTHENTICATED\` |

A role of one's own (\`createRole\`) allows the fields of the permissions that it names or inherits, in its workspaces, and of virtual keys,
usage and audit events those of its row scope: of the user that the token stands for (\`OWN\`), of that user's teams (\`TEAM\`), or all.
A user may have a role for one object alone (\`assignRole\` with \`objectId\`): that object by its id, and no list.
Nobody gives more than they have, by a role, an assignment or a token.
No field asks for \`inference:…\`: data planes do, of the calls of people, while the client configuration says \`rolesGovernInference\`
([client-configuration.md](client-configuration.md)).`

/** docs/permissions.md. */
export function renderMatrix(matrix: Matrix): string {
  const sections = [
    introduction,
    `## System roles\n\n${rolesTable()}`,
    `## Queries\n\n${table('field', matrix.queries)}`,
    `## Mutations\n\n${table('field', matrix.mutations)}`,
    `## Subscriptions\n\n${table('field', matrix.subscriptions)}`,
    `## Fields of objects with a rule of their own\n\nBesides the rule of the object itself.\n\n${table('field', matrix.objectFields)}`,
    `## Objects by their ids\n\n\`node(id:)\`, and wherever an object refers to another.\n\n${table('object', matrix.nodes)}`,
  ]
  return `${sections.join('\n\n')}\n`
}

function rolesTable(): string {
  const roles = Object.keys(systemRoles) as SystemRole[]
  const allows = (role: SystemRole, permission: string) =>
    systemRoles[role].permissions.some((one) => one === permission) ? 'yes' : 'no'
  return lines(
    ['permission', ...roles],
    allPermissions.map((permission) => [
      `\`${permission}\``,
      ...roles.map((role) => allows(role, permission)),
    ]),
  )
}

function table(first: string, rows: readonly Row[]): string {
  const isRuled = rows.some(({ permission }) => permission !== '')
  return lines(
    [first, ...(isRuled ? ['permission'] : []), ...askers.map((asker) => headings[asker])],
    rows.map(({ name, permission, verdicts }) => [
      name,
      ...(isRuled ? [`\`${permission}\``] : []),
      ...askers.map((asker) => verdicts[asker]),
    ]),
  )
}

function lines(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
