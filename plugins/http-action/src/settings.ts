import { type Static, Type } from 'typebox';
import { defaultLimits, type Limits } from './limits.js';

const day = 86_400;
const mebibyte = 1024 * 1024;

function seconds(defaultMs: number, description: string) {
  return Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: day,
      ...(defaultMs > 0 && { default: defaultMs / 1_000 }),
      description,
    }),
  );
}

function bytes(minimum: number, maximum: number, byDefault: number, description: string) {
  return Type.Optional(Type.Integer({ minimum, maximum, default: byDefault, description }));
}

/** `settings.http-action` of the configuration. */
export const HttpActionSettings = Type.Object(
  {
    timeout_seconds: seconds(
      defaultLimits.totalMs,
      'Timeout of the whole request, redirects included, for steps without `timeout_seconds`; the timeout of a step takes its place.',
    ),
    connect_seconds: seconds(defaultLimits.connectMs, 'Timeout of name lookup, TCP connection and TLS handshake.'),
    idle_seconds: seconds(
      defaultLimits.idleMs,
      'The longest pause within a response, after its headers. Default: no limit besides that of the whole request.',
    ),
    header_bytes: bytes(1_024, mebibyte, defaultLimits.headerBytes, 'Size of the headers of a response.'),
    response_bytes: bytes(
      1_024,
      64 * mebibyte,
      defaultLimits.responseBytes,
      'Size of a response as received. A port carries at most 4 MiB of JSON, whatever this says.',
    ),
    decompressed_bytes: bytes(
      1_024,
      256 * mebibyte,
      defaultLimits.decompressedBytes,
      'Size of a response when decompressed.',
    ),
    error_body_bytes: bytes(
      0,
      128 * 1024,
      defaultLimits.errorBodyBytes,
      'How much of the body of an unexpected status is kept in `details.body`.',
    ),
    error_body_seconds: seconds(
      defaultLimits.errorBodyMs,
      'How long to wait for the body of an unexpected status; what has arrived by then is kept.',
    ),
    redirects: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 20, default: defaultLimits.redirects, description: 'Redirects to follow.' }),
    ),
  },
  { additionalProperties: false },
);
export type HttpActionSettings = Static<typeof HttpActionSettings>;

/** How a message names a setting. */
export function settingName(key: keyof HttpActionSettings): string {
  return `\`settings.http-action.${key}\``;
}

export function limitsOf(settings: HttpActionSettings): Limits {
  const ms = (value: number | undefined, otherwise: number) =>
    value === undefined ? otherwise : Math.ceil(value * 1_000);
  return {
    totalMs: ms(settings.timeout_seconds, defaultLimits.totalMs),
    connectMs: ms(settings.connect_seconds, defaultLimits.connectMs),
    idleMs: ms(settings.idle_seconds, defaultLimits.idleMs),
    headerBytes: settings.header_bytes ?? defaultLimits.headerBytes,
    responseBytes: settings.response_bytes ?? defaultLimits.responseBytes,
    decompressedBytes: settings.decompressed_bytes ?? defaultLimits.decompressedBytes,
    errorBodyBytes: settings.error_body_bytes ?? defaultLimits.errorBodyBytes,
    errorBodyMs: ms(settings.error_body_seconds, defaultLimits.errorBodyMs),
    redirects: settings.redirects ?? defaultLimits.redirects,
  };
}
