export { assign, type Member, type Scene } from './assignment.js';
export { fencedPorts, type PartitionPorts } from './fenced-ports.js';
export type { HoldContext, PartitionWork } from './partition-hold.js';
export { type OwnershipOptions, PartitionOwnership } from './partition-ownership.js';
export { type QueueState, QueueWatch, type QueueWatchDeps } from './queue-watch.js';
export { RetentionSweeps } from './retention-sweeps.js';
export { type CoordinatorOptions, runCoordinator } from './run-coordinator.js';
export { scalingPage } from './scaling-page.js';
export { type SeenCoordinators, seenCoordinators } from './seen-coordinators.js';
