declare const ofType: unique symbol;

/** JSON text of a value of type T. */
export type JsonText<T> = string & { readonly [ofType]: T };

/** The JSON text of an object from those of its members. */
export function pageText<T extends object>(members: { readonly [K in keyof T]: string }): JsonText<T> {
  const texts = Object.entries<string>(members).map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return `{${texts.join()}}` as JsonText<T>;
}
