import { Identifier } from '@llmteam/contracts';

/** The pattern of ids and port names, as the contract's schemas carry it. */
export const identifierPattern: unknown = Reflect.get(Identifier, 'pattern');

export const identifierForm = 'lower-case letters, digits and _, a letter first';
