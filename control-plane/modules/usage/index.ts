export { type UsageRecord, UsageRecordEntity } from './entity.ts'
export { recordUsage } from './record.ts'
