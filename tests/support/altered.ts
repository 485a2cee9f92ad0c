/** The original object with some methods replaced. */
export function altered<P extends object>(reference: P, changes: Partial<P>): P {
  return new Proxy(reference, {
    get(target, key) {
      const owner = key in changes ? changes : target;
      const value: unknown = Reflect.get(owner, key, owner);
      return typeof value === 'function' ? value.bind(owner) : value;
    },
  });
}
