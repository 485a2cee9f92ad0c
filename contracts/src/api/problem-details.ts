import { type Static, Type } from 'typebox';
import { errorCodes } from '../errors.js';
import { problemCodes } from '../problem.js';

/** The parts of a request that may have problems. */
export const requestParts = ['body', 'query', 'path', 'header'] as const;

/** A problem in a request, or in the segment or input it contains. */
export const RequestProblem = Type.Object(
  {
    in: Type.Optional(Type.Enum([...requestParts], { default: 'body' })),
    severity: Type.Enum(['error', 'warning', 'info']),
    code: Type.Unsafe<string>(Type.Enum(Object.keys(problemCodes), { description: 'A code of a problem.' })),
    message: Type.String(),
    path: Type.String({ description: 'JSON Pointer into that part of the request.' }),
    line: Type.Optional(Type.Integer({ minimum: 1, description: 'Line of the body, if known.' })),
    suggestion: Type.Optional(Type.String()),
  },
  { additionalProperties: false, $id: 'RequestProblem' },
);
export type RequestProblem = Static<typeof RequestProblem>;

/** The body of an error response: RFC 9457, `application/problem+json`. */
export const ProblemDetails = Type.Object(
  {
    type: Type.String({ description: '`urn:llmteam:error:<code>`' }),
    title: Type.String({ description: 'What the code means.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.Unsafe<string>(Type.Enum(Object.keys(errorCodes), { description: 'A code of the error table.' })),
    detail: Type.String({ description: 'What happened in this case.' }),
    problems: Type.Optional(
      Type.Array(RequestProblem, { description: 'All problems of the request, if it is invalid.' }),
    ),
  },
  { additionalProperties: false, $id: 'ProblemDetails' },
);
export type ProblemDetails = Static<typeof ProblemDetails>;
