/** Values that nothing is prepared for. */

export function cycle() {
  const one = { name: 'one' };
  one.self = one;
  return one;
}

/** A cycle with two ways at each turn. */
export function bush() {
  const one = {};
  one.left = one;
  one.right = one;
  return one;
}

/** Another answer whenever it is asked. */
export function fickle() {
  let asked = 0;
  return Object.defineProperty({}, 'odd', { enumerable: true, get: () => (asked++ === 0 ? 'first' : 10n) });
}

/** Whatever it is asked, it throws. */
export function poisoned() {
  const refuse = () => {
    throw new Error('do not touch');
  };
  const traps = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'];
  return new Proxy({}, Object.fromEntries(traps.map((trap) => [trap, refuse])));
}

export const odd = {
  error: () => new Error('an ordinary error'),
  text: () => 'only a text',
  nothing: () => undefined,
  null: () => null,
  bare: () => Object.create(null),
  symbol: () => Symbol('odd'),
  function: () => () => 1,
  bigint: () => 10n,
  cycle,
  proxy: poisoned,
  long: () => new Error('x'.repeat(20_000_000)),
  message: () => Object.assign(new Error('replaced'), { message: { not: 'text' } }),
  branded: () => ({
    [Symbol.for('llmteam.error')]: true,
    name: 7,
    code: 10n,
    message: cycle(),
    recoverable: 'maybe',
    details: { deep: 10n },
  }),
  details: () => ({
    [Symbol.for('llmteam.error')]: true,
    name: 'Odd',
    code: 'ODD',
    message: 'large details',
    recoverable: true,
    details: { text: 'y'.repeat(1_000_000) },
  }),
};

export const results = {
  nothing: undefined,
  null: null,
  number: 3,
  list: [1],
  bigint: { output: 10n },
  cycle: { output: cycle() },
  date: { output: new Date(0) },
  map: { output: new Map() },
  function: { output: () => 1 },
  nan: { output: Number.NaN },
  proto: { output: JSON.parse('{"__proto__": 1}') },
  port: { output: 1, elsewhere: 2 },
  missing: {},
  deep: { output: Array.from({ length: 200 }).reduce((inner) => [inner], 1) },
  large: { output: 'z'.repeat(20_000_000) },
  getter: Object.defineProperty({}, 'output', { enumerable: true, get: () => cycle() }),
  bush: { output: bush() },
  long_key: { output: { ['k'.repeat(10_000_000)]: 10n } },
  to_json: { output: { toJSON: () => 10n } },
};

export const strange = { bigint: () => 10n, cycle, bush, proxy: poisoned, fickle };
