/** A client of its own: what it measures is not delayed by the clients that make the load. Prints its answers as JSON. */
import { Requests } from '../requests.js';
import type { SteadyLoad } from '../steady-client.js';

const { port, key, perSecond, seconds, ask, keepsConnections }: SteadyLoad = JSON.parse(process.argv[2] ?? '{}');
const requests = new Requests(port, key, { keepsConnections });
const answers = await requests.atRate(perSecond, seconds, ask);
requests.close();
process.stdout.write(JSON.stringify(answers));
