export { approvable, type ById } from './approvable.ts'
export { AccessChangesNeedApproval, approvalRefusals } from './errors.ts'
export { requireSecondPerson } from './guard.ts'
export { stopAccessApproval } from './setting.ts'
export { startAccessChangeSweep } from './sweep.ts'

import './types.ts'
