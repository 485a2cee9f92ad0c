export { assign, type Member, type Scene } from './assignment.js';
export { fenced_ports, type PartitionPorts } from './fenced-ports.js';
export type { HoldContext, PartitionWork } from './partition-hold.js';
export { type OwnershipOptions, PartitionOwnership } from './partition-ownership.js';
export { RetentionSweeps, type Sweeper } from './retention-sweeps.js';
export { type CoordinatorOptions, run_coordinator } from './run-coordinator.js';
export { type SeenCoordinators, seen_coordinators } from './seen-coordinators.js';
