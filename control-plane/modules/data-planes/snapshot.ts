import type { DataPlane as DataPlaneDocument } from '../../../contract/configuration/entities.ts'

export function dataPlaneSnapshot({ id, name }: { id: string; name: string }): DataPlaneDocument {
  return { kind: 'data_plane', id, name }
}
