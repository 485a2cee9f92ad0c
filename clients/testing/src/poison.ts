/** What a pure function must not touch: clocks, randomness, timers, microtasks, the process and the network. */
const forbidden = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'process',
  'crypto',
  'fetch',
  'Promise',
  'console',
  'structuredClone',
] as const;

/**
 * Runs `body` while every access to the outside throws. `Date.parse`, `Date.UTC` and `new Date(milliseconds)` still work:
 * they are pure functions of their arguments.
 */
export function withPoison<Result>(body: () => Result): Result {
  const random = Math.random;
  const saved = [...forbidden, 'Date'].map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  );
  try {
    for (const name of forbidden) poison(name, { get: () => refuse(name) });
    poison('Date', { value: withoutClock(Date) });
    Math.random = () => refuse('Math.random');
    return body();
  } finally {
    Math.random = random;
    for (const [name, descriptor] of saved) if (descriptor) Object.defineProperty(globalThis, name, descriptor);
  }
}

function poison(name: string, descriptor: PropertyDescriptor): void {
  Object.defineProperty(globalThis, name, { ...descriptor, configurable: true });
}

function withoutClock(real: DateConstructor): DateConstructor {
  const pure: readonly unknown[] = ['parse', 'UTC', 'prototype'];
  return new Proxy(real, {
    get: (target, key) => (pure.includes(key) ? Reflect.get(target, key) : refuse(`Date.${String(key)}`)),
    apply: () => refuse('Date()'),
    construct: (target, [moment, ...more]) =>
      typeof moment === 'number' && more.length === 0 ? new target(moment) : refuse('new Date'),
  });
}

function refuse(name: string): never {
  throw new Error(`impure: ${name}`);
}
