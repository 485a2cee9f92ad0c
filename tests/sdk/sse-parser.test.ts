import { SseParser } from '@llmteam/sdk';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const text =
  'retry: 10\n\n: still here\n\nid: 1\nevent: a\ndata: {"x":1}\n\ndata: two\r\ndata:  lines\r\n\r\nid: 3\rdata\r\rrest';

spec('the reader of server-sent events', (test) => {
  test('gives messages, and none for comments and for what is not complete', () => {
    assert.equal(new SseParser().push(text), [
      { id: '1', event: 'a', data: '{"x":1}' },
      { id: null, event: 'message', data: 'two\n lines' },
      { id: '3', event: 'message', data: '' },
    ]);
  });

  test('gives a message as soon as its last line has ended', () => {
    const parser = new SseParser();
    assert.equal(parser.push('data: one\r\r'), [{ id: null, event: 'message', data: 'one' }]);
    assert.equal(parser.push('\ndata: two\n'), []);
    assert.equal(parser.push('\n'), [{ id: null, event: 'message', data: 'two' }]);
  });

  test('takes no id with a NUL, and keeps no id, event or data for the next message', () => {
    const messages = new SseParser().push('id: a\0b\nevent\ndata: 1\n\nid: 7\nevent: x\n\ndata: 2\n\nid\ndata: 3\n\n');
    assert.equal(messages, [
      { id: null, event: 'message', data: '1' },
      { id: null, event: 'message', data: '2' },
      { id: '', event: 'message', data: '3' },
    ]);
  });

  test('gives the same wherever the text is cut', () => {
    const whole = new SseParser().push(text);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (places) => {
        const cuts = [0, ...places.sort((one, other) => one - other), text.length];
        const parser = new SseParser();
        const pieces = cuts.slice(1).map((end, at) => text.slice(cuts[at], end));
        assert.equal(
          pieces.flatMap((piece) => parser.push(piece)),
          whole,
        );
      }),
    );
  });
});
