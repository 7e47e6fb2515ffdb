export { type Workspace, WorkspaceEntity } from './entity.ts'
export { WorkspaceType } from './graphql.ts'
export { requireWorkspace } from './service.ts'
