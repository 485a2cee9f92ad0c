export { assign, type Member, type Scene } from './assignment.js';
export type { HoldContext, PartitionWork } from './partition-hold.js';
export { type OwnershipOptions, PartitionOwnership } from './partition-ownership.js';
