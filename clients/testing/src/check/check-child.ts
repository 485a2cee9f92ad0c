/** Started by `checkPlugin` as a process of its own: `node check-child.js '<options as JSON>'`. */
import { checkInside, type InsideOptions } from './check-inside.js';

const options = JSON.parse(process.argv[2] ?? '{}') as InsideOptions;
await checkInside(options, (message) => process.send?.(message));
process.disconnect();
