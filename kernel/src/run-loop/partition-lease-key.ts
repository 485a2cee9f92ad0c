/** Keys with a TTL that say which coordinator works on a partition. */
export const partitionLeases = 'leases/';

export function partitionLeaseKey(partition: number): string {
  return `${partitionLeases}${partition}`;
}
