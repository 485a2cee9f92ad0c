import { type Static, Type } from 'typebox';
import { problemCodes } from '../problem.js';

/** Where in a request something is wrong. */
export const requestParts = ['body', 'query', 'path', 'header'] as const;

/** One thing that is wrong with a request, or with the segment or input in it. */
export const RequestProblem = Type.Object(
  {
    in: Type.Optional(Type.Enum([...requestParts], { default: 'body' })),
    severity: Type.Enum(['error', 'warning', 'info']),
    code: Type.String({ description: `One of ${Object.keys(problemCodes).join(', ')}.` }),
    message: Type.String(),
    path: Type.String({ description: 'JSON Pointer into the part of the request.' }),
    line: Type.Optional(Type.Integer({ minimum: 1, description: 'Line in the body, if it is known.' })),
    suggestion: Type.Optional(Type.String()),
  },
  { additionalProperties: false, $id: 'RequestProblem' },
);
export type RequestProblem = Static<typeof RequestProblem>;

/** Why a request was not done: RFC 9457, `application/problem+json`. */
export const ProblemDetails = Type.Object(
  {
    type: Type.String({ description: '`urn:llmteam:error:<code>`' }),
    title: Type.String({ description: 'What the code means.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String({ description: 'A code of the error table.' }),
    detail: Type.String({ description: 'What happened here.' }),
    problems: Type.Optional(Type.Array(RequestProblem, { description: 'All that is wrong, if it is the request.' })),
  },
  { additionalProperties: false, $id: 'ProblemDetails' },
);
export type ProblemDetails = Static<typeof ProblemDetails>;
