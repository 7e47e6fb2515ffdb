/** By what people and programs say who they are to the control plane. The words of GraphQL, of files and of the database. */
export const credentialKinds = ['API_TOKEN', 'JWT', 'SESSION'] as const
export type CredentialKind = (typeof credentialKinds)[number]
