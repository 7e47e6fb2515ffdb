export { confirmed, confirmedOrCounted } from './confirmation.ts'
export {
  confirmationFields,
  countedConfirmationFields,
  RevocationInput,
  unconfirmedDescription,
} from './confirmation-graphql.ts'
export {
  countRefusingDataPlanes,
  type DataPlaneKeys,
  listDataPlanesWithoutKey,
  listRecipients,
  listReportedPlugins,
  type NamedDataPlane,
  readPublicKeys,
  readSigningKeys,
  type SealingRecipient,
} from './directory.ts'
export { type DataPlane, DataPlaneEntity, type ReportedPlugin } from './entity.ts'
export { DataPlaneType } from './graphql.ts'
export { registerEnrolment } from './http.ts'
export { type RecordGapKind, recordGapKinds } from './record-gaps.ts'
export { createEnrolmentToken, type IssuedEnrolmentToken } from './service.ts'
