import type { Static, TSchema } from 'typebox';

/**
 * The type of a schema's values, where the schema is inferred from another place.
 * Without `NoInfer` the compiler tries to infer the schema from the values as well, and goes through every kind of schema for that: it takes
 * most of the time in which a plugin is compiled.
 */
export type ValueOf<Schema extends TSchema> = NoInfer<Static<Schema>>;
