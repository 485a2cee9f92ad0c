import { type AttributeValue, INVALID_SPAN_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { plainFields } from '../../runtime/plugin-log.js';
import type { WorkLine } from './host-line.js';

/** The span of the attempt is the host's; what the handler says about it is told there. */
export function isolatedSpan(line: WorkLine): Span {
  const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  const tell = (attributes: object) => line.send({ tell: 'span', attributes: plainFields(attributes) });
  return Object.assign(Object.create(span) as Span, {
    setAttribute(this: Span, key: string, value: AttributeValue) {
      tell({ [key]: value });
      return this;
    },
    setAttributes(this: Span, attributes: object) {
      tell(attributes);
      return this;
    },
  });
}
